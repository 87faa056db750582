"""Other cases made from a case: what a metamorphic law compares it with."""

from dataclasses import replace

import numpy as np

from bncheck.cases.case import Backward, Case, Forward, Freeze, SetState, State, Track, remembered
from bncheck.cases.network import BatchNorm, Dense, Linear
from bncheck.cases.strategies import fit_case, layer_case, network_case

GRID_BITS = 10


def layer_example(*inputs, dy=None, dtype="float32", state=None, layer):
    """An explicit case of one batch norm for nested lists of inputs; by default a state that is not the fresh one."""
    arrays = [np.array(x, dtype) for x in inputs]
    if dy is None:
        dy = np.arange(arrays[0].size).reshape(arrays[0].shape) % 5 - 1
    channels = arrays[0].shape[layer.axis]
    given = {"gamma": 2.0, "beta": 0.5, "moving_mean": 1.0, "moving_variance": 4.0, **(state or {})}
    kept = {"gamma": layer.scale, "beta": layer.center}
    values = {name: np.full(channels, v, dtype) for name, v in given.items() if kept.get(name, True)}
    return layer_case(layer, arrays, np.array(dy, dtype), [values])


def first_training(case):
    """The index of the first step that trains."""
    return case.where(Forward, Backward, training=True)[0]


def training_variant(case, x, state=None, layer=None):
    """One training step on ``x``, and the state after it; the state before is the case's own where none is given."""
    given = [state] if state else case.steps[0].state
    return Case((layer or case.layer,), (SetState(given), Forward(x, True), State()), case.seed)


@remembered
def training_alone(case):
    """One training step on the case's first input, and the state after it; several laws ask for it."""
    return training_variant(case, case.first_x)


def inference_variant(case, x, state=None, layer=None):
    """Inference on ``x``, with the case's own state where none is given."""
    given = [state] if state else case.steps[0].state
    return Case((layer or case.layer,), (SetState(given), Forward(x, False), State()), case.seed)


@remembered
def frozen_variant(case):
    """Training on the case's input while frozen, and the state after it; several laws ask for it."""
    steps = (case.steps[0], Freeze(0, True), Forward(case.first_x, True), State(), Freeze(0, False))
    return Case(case.network, steps, case.seed)


def untracked_variant(case):
    """Training on the case's input while the layer tracks nothing, and the state after it."""
    steps = (case.steps[0], Track(0, False), Forward(case.first_x, True), State(), Track(0, True))
    return Case(case.network, steps, case.seed)


def some_rows(case):
    """The places of every other row, of the first or the second on; of a lone row, its own."""
    return slice(case.seed % max(1, min(2, len(case.first_x))), None, 2)


@remembered
def inference_of_some_rows(case):
    """Inference on every other row, with the case's own state; several laws ask for it."""
    return inference_variant(case, np.ascontiguousarray(case.first_x[some_rows(case)]))


def without_linear(case):
    """The case without its linear activations."""
    return without(case, Linear)


def without(case, kind):
    """The case without its layers of a kind."""
    kept = [i for i, layer in enumerate(case.network) if not isinstance(layer, kind)]
    steps = tuple(SetState([s.state[i] for i in kept]) if isinstance(s, SetState) else s for s in case.steps)
    return case.but(network=tuple(case.network[i] for i in kept), steps=steps)


def weighted(case, values, kind=Linear):
    """The entries of a list with one entry a layer, for the layers that are not of a kind, a linear one by default."""
    return [value for layer, value in zip(case.network, values, strict=True) if not isinstance(layer, kind)]


def on_grid(x):
    """The values rounded to a few bits of the largest, so that shifts by :func:`grid_shift` are exact."""
    top = float(np.max(np.abs(x), initial=0.0))
    if top == 0 or not np.isfinite(top):
        return x
    step = x.dtype.type(2.0 ** (np.ceil(np.log2(top)) - GRID_BITS))
    return (np.round(x / step) * step).astype(x.dtype) if step > np.finfo(x.dtype).tiny else np.zeros_like(x)


@remembered
def training_on_grid(case):
    """One training step on the case's first input, on a grid, and the state after it; several laws ask for it."""
    return training_variant(case, on_grid(case.first_x))


def grid_shift(x):
    """A shift of eight times the largest value, rounded up to a power of two."""
    top = float(np.max(np.abs(x), initial=0.0))
    return x.dtype.type(8 * 2.0 ** np.ceil(np.log2(top)) if top else 1.0)


def identity_variant(case, training):
    """The case's input through a layer whose gamma and beta undo the normalisation: y = x."""
    layer, x = replace(case.layer, scale=True, center=True), case.first_x
    state, wide = dict(case.steps[0].state[0]), x.astype(np.float64)
    axes = tuple(axis for axis in range(x.ndim) if axis != layer.axis % x.ndim)
    mean = wide.mean(axis=axes) if training else state["moving_mean"].astype(np.float64)
    variance = wide.var(axis=axes) if training else state["moving_variance"].astype(np.float64)
    state["gamma"], state["beta"] = np.sqrt(variance + layer.eps).astype(x.dtype), mean.astype(x.dtype)
    return (training_variant if training else inference_variant)(case, x, state, layer)


def network_example(*network):
    """Inference, then training with gradients, of a network on three rows of two columns."""
    return network_case(network, 3, 2, 1.0, "float32", 1)


def training_example():
    """One epoch of SGD on Dense, linear activation, Dense."""
    return fit_case((Dense(2), Linear(), Dense(1)), {"name": "sgd", "learning_rate": 0.05}, 1, 1)


def agreement_example():
    """Three steps of SGD on Dense, batch norm, Dense."""
    return fit_case((Dense(2), BatchNorm(), Dense(1)), {"name": "sgd", "learning_rate": 0.02}, 1, 1)


def flat(case):
    """The case's inputs as rows of rank 2, with the channels last."""
    back, layer = case.steps[case.where(Backward)[0]], replace(case.layer, axis=-1)
    x, dy = (as_rows(array, case.layer.axis) for array in (back.x, back.dy))
    return layer_case(layer, [x], dy, case.steps[0].state, case.seed)


def as_rows(array, axis):
    """An array's positions as rows of rank 2, whose columns are its channels."""
    return np.ascontiguousarray(np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis]))
