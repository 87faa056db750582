"""Faults of the state: moves that are late, made twice, lost, or of another number; and their sizes."""

from dataclasses import replace

import numpy as np

from bncheck.truth.mutants import Fault, Sized


def _late(at, weights, mean, variance, count):
    if at.kept and at.kept[0].size == mean.size:
        at.move(weights, *at.kept)
    at.kept = mean, variance, count


def _twice(at, weights, mean, variance, count):
    at.move(weights, mean, variance, count)
    at.move(weights, mean, variance, count)


def _unless(told):
    """The move is lost where ``told`` says so."""
    return lambda at, *given: None if told(at) else at.move(*given)


def _one_kept(name):
    """One of the moving statistics does not move."""

    def moved(at, weights, mean, variance, count):
        before = weights[name]
        at.move(weights, mean, variance, count)
        weights[name] = before

    return moved


def _new(function):
    """The moving variance is moved by another number than the variance."""
    return lambda at, weights, mean, variance, count: at.move(weights, mean, function(at, mean, variance), count)


def _about_moving_mean(at, weights, mean, variance, count):
    gap = mean - weights["moving_mean"].reshape(mean.shape)
    at.move(weights, mean, variance + gap * gap, count)


def _after(name, function):
    """A moving statistic is another number after each move."""

    def moved(at, weights, mean, variance, count):
        at.move(weights, mean, variance, count)
        weights[name] = function(at, weights[name])

    return moved


def _rounded_momentum(at, layer):
    return layer if layer.momentum is None else replace(layer, momentum=round(layer.momentum, 1))


def _exchanged(at, weights):
    if at.training:
        return weights
    return {**weights, "moving_mean": weights["moving_variance"], "moving_variance": abs(weights["moving_mean"])}


def _scaled(name):
    return lambda at, weights, mean, variance, count, size: _after(
        name, lambda at, value: value * at.ar.dtype(1 + size)
    )(at, weights, mean, variance, count)


FAULTS = [
    Fault("moves_late", "the statistics move by the batch before", "moved", _late),
    Fault("moves_twice", "the statistics move twice in a step", "moved", _twice),
    Fault("first_move_lost", "the first step does not move the statistics", "moved", _unless(lambda at: at.calls == 1)),
    Fault(
        "every_other_move_lost",
        "every second step does not move the statistics",
        "moved",
        _unless(lambda at: at.calls % 2 == 0),
    ),
    Fault("never_moves", "the statistics do not move", "moved", _unless(lambda at: True)),
    Fault(
        "moves_up_to_third_step",
        "from the third step on the statistics stand still",
        "moved",
        _unless(lambda at: at.calls > 2),
    ),
    Fault("mean_never_moves", "the moving mean does not move", "moved", _one_kept("moving_mean")),
    Fault("variance_never_moves", "the moving variance does not move", "moved", _one_kept("moving_variance")),
    Fault("moves_by_deviation", "the moving variance averages deviations", "moved", _new(lambda at, m, v: np.sqrt(v))),
    Fault(
        "moves_by_mean_square",
        "the moving variance averages mean squares",
        "moved",
        _new(lambda at, m, v: v + m * m),
    ),
    Fault(
        "epsilon_in_moving_variance",
        "the moving variance averages the variance with epsilon",
        "moved",
        _new(lambda at, m, v: v + at.ar.dtype(at.layer.eps)),
    ),
    Fault(
        "variance_about_moving_mean", "the moving variance is taken about the moving mean", "moved", _about_moving_mean
    ),
    Fault(
        "moving_variance_at_most_1e4",
        "a moving variance is cut off at 1e4",
        "moved",
        _after("moving_variance", lambda at, value: np.minimum(value, at.ar.dtype(1e4))),
    ),
    Fault(
        "moving_mean_forgets_sign",
        "the moving mean loses its sign",
        "moved",
        _after("moving_mean", lambda at, value: abs(value)),
    ),
    Fault("inference_exchanges_statistics", "inference takes mean and variance for each other", "weights", _exchanged),
    Fault("momentum_of_one_digit", "momentum is rounded to one digit", "settings", _rounded_momentum),
    Fault(
        "momentum_fixed",
        "momentum is 0.9 whatever was asked for",
        "settings",
        lambda at, layer: replace(layer, momentum=0.9),
    ),
]

SIZED = [
    Sized("moving_variance", "the moving variance is too large after each step", "moved", _scaled("moving_variance")),
    Sized("moving_mean", "the moving mean is too large after each step", "moved", _scaled("moving_mean")),
    Sized(
        "momentum",
        "momentum is too small",
        "settings",
        lambda at, layer, size: (
            layer if layer.momentum is None else replace(layer, momentum=layer.momentum * (1 - size))
        ),
    ),
]
