"""What a batch norm does at the edges: other forms, no values, one value, masks, NaN, other layouts of memory."""

import numpy as np

from bncheck.cases.case import Attempt
from bncheck.worker.layouts import lay

MASK_EPSILON = 1e-7  # what Keras adds to the number of steps that count
REFUSING = ("refused", "integers_in_single")


class Refused(ValueError):
    """A step that a batch norm refuses: its numbers have no meaning."""


def as_read(array, layout, traits):
    """The array's values as a layer reads them from a layout."""
    if traits.non_finite == "taken_for_zero":
        array = np.where(np.isfinite(array), array, 0).astype(array.dtype)
    if layout is None or traits.memory_layout != "ignored":
        return array
    laid = lay(np.array(array), layout)
    memory = laid.base if isinstance(laid.base, np.ndarray) else laid
    return np.ravel(memory, order="K")[: array.size].reshape(array.shape)


def as_kept(array, traits):
    """The array's values as a layer keeps them when they are set."""
    if traits.stored_state != "flushed_when_set":
        return array
    return np.where(np.abs(array) < np.finfo(np.result_type(array, np.float32)).tiny, 0 * array, array)


def as_if_contiguous(array, layout):
    """What is read from where the array begins in memory by a kernel that takes it for contiguous."""
    return lay(array, layout).base.ravel()[: array.size] if layout == "strided" else array


def fitting_state(own, given, traits):
    """The arrays for a layer's state.  Raises Refused where one is of another form than the layer's own."""
    for name, value in given.items():
        if name in own and value.shape != own[name].shape and traits.malformed_input in REFUSING:
            raise Refused(f"a {name} of shape {value.shape} for one of shape {own[name].shape}")
    return {name: np.resize(value, own[name].shape) if name in own else value for name, value in given.items()}


def fitting_input(x, layer, channels, rank, traits):
    """The input of a batch norm.  Raises Refused where its rank or its number of channels is another."""
    if x.ndim != rank:
        raise Refused(f"an input of rank {x.ndim} for a layer of rank {rank}")
    given = x.shape[layer.axis]
    if given == channels:
        return x
    if traits.malformed_input in REFUSING or not given:
        raise Refused(f"an input of {given} channels for a layer of {channels}")
    places = np.arange(channels) % given
    return x[:, places] if layer.axis == 1 else x[..., places]


def computes_in_single(case, traits):
    """Whether a float64 layer takes the numbers of the case for float32."""
    given = [step.of.x for step in case.steps if isinstance(step, Attempt) and hasattr(step.of, "x")]
    integers = any(x.dtype.kind != "f" for x in given)
    return traits.precision == "single" or (traits.malformed_input == "integers_in_single" and integers)


def check_late(x, case, traits):
    """Raises Refused for an input that a layer has let through, where it refuses late."""
    if traits.malformed_input == "moves_first" and (x.dtype.kind != "f" or x.shape[1:] != tuple(case.shape[1:])):
        raise Refused("an input of another number of channels or dtype")


def check_count(count, traits):
    """Raises Refused where a layer that refuses a batch of one value a channel is given one."""
    if count == 1 and traits.batch_of_one == "refused":
        raise Refused("one value a channel, in training")


def whole_mask(mask, shape):
    """The mask for every step of an input of this shape; along an axis where it has one value, that one counts for all.

    Raises Refused where it does not fit.
    """
    if mask.ndim != len(shape) - 1 or any(n not in (1, m) for n, m in zip(mask.shape, shape, strict=False)):
        raise Refused(f"a mask of shape {mask.shape} for an input of shape {shape}")
    return np.broadcast_to(mask, shape[:-1])


def weighs_masks(traits):
    """Whether masked steps are more than left out, so that statistics are taken even where no step counts."""
    return traits.masks != "left_out" or traits.mask_count != "exact"


def masked_moments(ar, x, mask, traits):
    """Mean and biased variance of the steps that count, and their number."""
    chosen = x[mask]
    if not weighs_masks(traits):
        mean = ar.mean(chosen, (0,))
        return mean, ar.variance(chosen, mean, (0,)), chosen.shape[0]
    least = 1 if traits.mask_count == "none_is_zero" else 0
    count = ar.constant(max(chosen.shape[0], least) + (MASK_EPSILON if traits.mask_count == "plus_epsilon" else 0.0))
    mean = _sum(ar, chosen) / count
    if traits.masks == "times_zero":
        mean = mean + _sum(ar, ar.scaled(x[~mask], 0.0))
    gap = chosen - mean
    return mean, _sum(ar, gap * gap) / count, chosen.shape[0]


def _sum(ar, x):
    return ar.sum(x, (0,)) if x.shape[0] else ar.exact(np.zeros((1, *x.shape[1:])))
