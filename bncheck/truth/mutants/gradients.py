"""Faults of the gradient: a term that is lost, a sign, a scale; and one with a size."""

import numpy as np

from bncheck.truth.mutants import Fault, Sized


def _parts(at):
    """dy, the normalised input, gamma / deviation, and the number of values a channel, of the last call."""
    x, mean, inverse, factor = at.cache[:4]
    return at.dy, (x - mean) * inverse, factor, x.size // max(mean.size, 1)


def _in_training(function):
    """A gradient that is another one in training."""
    return lambda at, dx: function(*_parts(at), at) if at.cache[5] and dx.size else dx


def _in_inference(function):
    return lambda at, dx: dx if at.cache[5] or not dx.size else function(*_parts(at), at)


def _no_mean(dy, normal, factor, count, at):
    return (dy - normal * at.summed(dy * normal) / at.ar.dtype(count)) * factor


def _no_variance(dy, normal, factor, count, at):
    return (dy - at.summed(dy) / at.ar.dtype(count)) * factor


def _one_less(dy, normal, factor, count, at):
    less = at.ar.dtype(max(count - 1, 1))
    return (dy - at.summed(dy) / less - normal * at.summed(dy * normal) / less) * factor


def _halved(dy, normal, factor, count, at):
    count = at.ar.dtype(count)
    return (dy - at.summed(dy) / count - normal * at.summed(dy * normal) / (2 * count)) * factor


def _as_if_one(dy, normal, factor, count, at):
    count, inverse = at.ar.dtype(count), at.cache[2]
    return (dy - at.summed(dy) / count - normal * at.summed(dy * normal) / count) * inverse


def _each(name, function):
    """A fault of one parameter's gradient, where there is one."""
    return lambda at, found: {**found, name: function(at, found[name])} if name in found else found


def _kept(at, found):
    at.kept = {name: value + (at.kept or {}).get(name, 0) for name, value in found.items()}
    return at.kept


def _swapped(at, found):
    names = list(found)
    return dict(zip(names, [found[name] for name in reversed(names)], strict=True))


def _rows_lost(at, dx):
    whole = len(dx) // 8 * 8
    return np.concatenate([dx[:whole], np.zeros_like(dx[whole:])]) if whole else dx


def _without_last(at, found):
    axes = tuple(axis for axis in range(at.dy.ndim) if axis != at.layer.axis % at.dy.ndim)
    return found - at.dy[-1:].sum(axis=axes)


def _count(at, found):
    return found / at.ar.dtype(max(at.cache[0].size // max(found.size, 1), 1))


FAULTS = [
    Fault("gradient_reversed", "the input's gradient has the other sign", "gradient", lambda at, dx: -dx),
    Fault("no_gradient_through_mean", "the gradient takes the mean for a constant", "gradient", _in_training(_no_mean)),
    Fault(
        "no_gradient_through_variance",
        "the gradient takes the variance for a constant",
        "gradient",
        _in_training(_no_variance),
    ),
    Fault("gradient_over_n_minus_one", "the gradient's means are over n - 1", "gradient", _in_training(_one_less)),
    Fault(
        "half_the_variance_term",
        "the gradient's part through the variance is halved",
        "gradient",
        _in_training(_halved),
    ),
    Fault(
        "gradient_without_gamma",
        "the gradient in training is not scaled by gamma",
        "gradient",
        _in_training(_as_if_one),
    ),
    Fault(
        "inference_gradient_without_gamma",
        "the gradient in inference is not scaled by gamma",
        "gradient",
        _in_inference(lambda dy, normal, factor, count, at: dy * at.cache[2]),
    ),
    Fault(
        "no_gradient_in_inference",
        "the gradient in inference is zero",
        "gradient",
        _in_inference(lambda dy, normal, factor, count, at: np.zeros_like(dy)),
    ),
    Fault(
        "gradient_over_variance",
        "the gradient is divided by the variance, not by the deviation",
        "gradient",
        lambda at, dx: dx * at.cache[2],
    ),
    Fault("gradient_rows_tail_of_8", "rows behind the last multiple of 8 have no gradient", "gradient", _rows_lost),
    Fault(
        "gradient_centred_again",
        "the gradient's mean over a row's channels is taken off",
        "gradient",
        lambda at, dx: dx - dx.mean(axis=at.layer.axis, keepdims=True, dtype=dx.dtype),
    ),
    Fault(
        "gamma_gradient_reversed", "gamma's gradient has the other sign", "parameters", _each("gamma", lambda at, g: -g)
    ),
    Fault("gamma_gradient_is_a_mean", "gamma's gradient is a mean", "parameters", _each("gamma", _count)),
    Fault("beta_gradient_is_a_mean", "beta's gradient is a mean", "parameters", _each("beta", _count)),
    Fault(
        "beta_gradient_lost", "beta has a gradient of zero", "parameters", _each("beta", lambda at, g: np.zeros_like(g))
    ),
    Fault(
        "beta_gradient_without_last_row",
        "the last row is left out of beta's gradient",
        "parameters",
        _each("beta", _without_last),
    ),
    Fault("parameters_gradients_swapped", "gamma and beta have each other's gradient", "parameters", _swapped),
    Fault("parameters_gradients_add_up", "the gradients of two calls add up", "parameters", _kept),
    Fault(
        "gamma_gradient_lost_in_inference",
        "in inference gamma has a gradient of zero",
        "parameters",
        _each("gamma", lambda at, g: g if at.cache[5] else np.zeros_like(g)),
    ),
]

SIZED = [
    Sized("gradient", "the input's gradient is too large", "gradient", lambda at, dx, size: dx * at.ar.dtype(1 + size)),
    Sized(
        "gamma_gradient",
        "gamma's gradient is too large",
        "parameters",
        lambda at, found, size: _each("gamma", lambda at, g: g * at.ar.dtype(1 + size))(at, found),
    ),
]
