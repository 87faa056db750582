"""Faults of precision: a part that is computed, kept or told in fewer bits, or that is cut off."""

from dataclasses import replace

import numpy as np

from bncheck.truth.mutants import Fault


def half(at, values):
    """The values rounded to float16, those that it cannot hold as they were."""
    with np.errstate(all="ignore"):
        rounded = values.astype(np.float16)
    return np.where(np.isfinite(rounded), rounded, values).astype(at.ar.dtype)


def brain(at, values):
    """The values cut to the eight bits of bfloat16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(at.ar.dtype)


def single(at, values):
    """The values rounded to float32."""
    return values.astype(np.float32).astype(at.ar.dtype)


def _both(function):
    return lambda at, mean, variance: (function(at, mean), function(at, variance))


def _moved(function):
    def moved(at, weights, mean, variance, count):
        at.move(weights, mean, variance, count)
        weights.update({name: function(at, weights[name]) for name in ("moving_mean", "moving_variance")})

    return moved


def _each(function):
    return lambda at, found: {name: function(at, value) for name, value in found.items()}


def _only(training, function):
    return lambda at, y: function(at, y) if at.training is training else y


def _cut(at, y):
    return np.clip(y, at.ar.dtype(-6), at.ar.dtype(6))


def _bits(values, bits):
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.round(fraction * 2**bits) / 2**bits, exponent).astype(values.dtype)


FAULTS = [
    Fault("statistics_in_half", "the batch's statistics are rounded to half precision", "statistics", _both(half)),
    Fault("statistics_in_bfloat16", "the batch's statistics are cut to bfloat16", "statistics", _both(brain)),
    Fault(
        "statistics_in_single", "in float64 the batch's statistics are rounded to float32", "statistics", _both(single)
    ),
    Fault("moving_statistics_in_half", "the moving statistics are kept in half precision", "moved", _moved(half)),
    Fault(
        "moving_statistics_in_single", "in float64 the moving statistics are kept in float32", "moved", _moved(single)
    ),
    Fault("output_in_half", "the output is rounded to half precision", "output", half),
    Fault("output_in_bfloat16", "the output is cut to bfloat16", "output", brain),
    Fault("inference_in_single", "in float64 inference is rounded to float32", "output", _only(False, single)),
    Fault("training_in_single", "in float64 training is rounded to float32", "output", _only(True, single)),
    Fault("gradient_in_half", "the gradient is rounded to half precision", "gradient", half),
    Fault("gradient_in_single", "in float64 the gradient is rounded to float32", "gradient", single),
    Fault(
        "parameters_gradients_in_single",
        "in float64 the parameters' gradients are rounded to float32",
        "parameters",
        _each(single),
    ),
    Fault(
        "rough_inverse_root", "the inverse deviation has twelve bits", "inverse", lambda at, inverse: _bits(inverse, 12)
    ),
    Fault(
        "newton_inverse_root",
        "the inverse deviation has twenty-two bits",
        "inverse",
        lambda at, inverse: _bits(inverse, 22),
    ),
    Fault(
        "epsilon_in_half",
        "epsilon is rounded to half precision",
        "settings",
        lambda at, layer: replace(layer, eps=float(np.float16(layer.eps))),
    ),
    Fault(
        "small_variance_is_zero",
        "a variance below 1e-6 is taken for zero",
        "statistics",
        lambda at, mean, variance: (mean, np.where(variance < at.ar.dtype(1e-6), at.ar.dtype(0), variance)),
    ),
    Fault(
        "variance_at_most_1e6",
        "a variance is cut off at 1e6",
        "statistics",
        lambda at, mean, variance: (mean, np.minimum(variance, at.ar.dtype(1e6))),
    ),
    Fault("output_within_six", "the output is cut off at 6", "output", _cut),
]
