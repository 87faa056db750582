"""Compares what a subject returned with what is right; a difference is a :class:`Violation` that explains itself."""

import numpy as np

from bncheck.truth.ball import Ball, magnitude
from bncheck.truth.bounds import REFERENCE


class Violation(Exception):
    """A law is broken: what differed, where, and the numbers there.

    ``arrays`` are the whole arrays of actual, expected and allowed numbers, where they were compared.
    """

    def __init__(self, what, where=None, actual=None, expected=None, allowed=None, arrays=None):
        super().__init__(what)
        self.what, self.where = what, where
        self.actual, self.expected, self.allowed, self.arrays = actual, expected, allowed, arrays


def shape(array):
    """The shape, as a report shows it."""
    return list(array.shape)


def form(array):
    """The type and the shape."""
    return f"{array.dtype.name} of shape {array.shape}"


def close(what, actual, expected):
    """The largest error of the array ``actual`` as a share of what is allowed: the bound of the ball ``expected``.

    Raises Violation where an error is larger than allowed.
    """
    if actual.shape != expected.shape:
        raise Violation(f"the {what} has another shape", None, shape(actual), shape(expected))
    with np.errstate(all="ignore"):
        error = magnitude(expected.arithmetic.lift(actual) - expected.value)
        worst = _worst(error, expected.error)
        if worst <= 1.0:
            return worst
        # Where the right number is no number or infinite, the same is right.
        wanted = np.asarray(expected.value, np.float64)
        same = (actual == wanted) | (np.isnan(actual) & np.isnan(wanted))
        error = np.where(np.isnan(error) & same, 0.0, error)
    return _judge(what, actual, expected.value, error, expected.error)


def close_to(what, actual, target, ball):
    """As :func:`close`, for a ``target`` that the exact value only nears: the distance between them is allowed, too."""
    with np.errstate(all="ignore"):
        lifted = ball.arithmetic.lift(target)
        rounding = magnitude(ball.value - lifted)
    return close(what, actual, Ball(ball.arithmetic, lifted, ball.error + rounding))


def near(what, actual, expected, allowed):
    """As :func:`close`, for two arrays of one subject and an array of what is allowed between them.

    No number equals no number: whether it is right is for another law to say.
    """
    if actual.shape != expected.shape:
        raise Violation(f"the {what} has another shape", None, shape(actual), shape(expected))
    with np.errstate(all="ignore"):
        error = magnitude(actual - expected)
        if not error.any():
            return 0.0
        worst = _worst(error, allowed)
        if worst <= 1.0:
            return worst
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        error = np.where(same, 0.0, error)
    return _judge(what, actual, expected, error, allowed)


def alike(what, actual, other, ball, other_ball):
    """As :func:`near`, for two results of one subject that differ by what their exact values, the balls', differ by."""
    with np.errstate(all="ignore"):
        moved = np.asarray(ball.value - other_ball.value, np.float64)
        allowed = ball.error + other_ball.error
        moved = np.where(np.abs(moved) > REFERENCE * allowed, moved, 0.0)  # else what the reference itself is off by
        rounding = np.finfo(np.float64).eps * (np.abs(moved) + np.abs(other))
        known = np.isfinite(allowed)
        expected = other + np.where(known, moved, 0.0)
    return near(what, actual, expected, np.where(known, allowed + rounding, np.inf))


def answers(found, wanted, right, index):
    """What two traces of one layer, and the reference, say of a Backward step and the State after it.

    For each array its name, the two arrays, and the reference's ball.
    """
    for name in ("y", "dx"):
        yield name, found.array(index, name), wanted.array(index, name), right[index][name]
    own, other = found.params(index)[0], wanted.params(index)[0]
    for name, ball in right[index]["params"][0].items():
        yield f"gradient for {name}", own[name], other[name], ball
    own, other = found.state(index + 1)[0], wanted.state(index + 1)[0]
    for name, ball in right[index + 1]["state"][0].items():
        yield name, own[name], other[name], ball


def _worst(error, allowed):
    """The largest error as a share of what is allowed; NaN where one is no number, or nothing is allowed for none."""
    return float(np.maximum.reduce(error / allowed, axis=None, initial=0.0))


def _judge(what, actual, expected, error, allowed):
    with np.errstate(all="ignore"):
        allowed = np.broadcast_to(allowed, error.shape)
        share = np.where(error == 0, 0.0, error / allowed)
        share = np.where(np.isposinf(allowed), 0.0, np.where(np.isnan(share), np.inf, share))
    worst = float(np.max(share, initial=0.0))
    if worst <= 1.0:
        return worst
    at = np.unravel_index(int(np.argmax(share)), share.shape)
    found, right = float(actual[at]), float(expected[at])
    arrays = _arrays(actual, expected, allowed)
    raise Violation(f"the {what} differs", [int(i) for i in at], found, right, float(allowed[at]), arrays)


def _arrays(actual, expected, allowed):
    """The arrays that a violation shows; an expectation of more bits in float64."""
    expected = np.asarray(getattr(expected, "high", expected))  # arithmetic on arrays of rank 0 gives scalars
    return {"actual": np.asarray(actual), "expected": expected, "allowed": np.asarray(allowed, np.float64)}


def same_bits(what, actual, expected):
    """Zero, where two arrays of floats are equal to the bit (any NaN equals any NaN); else raises Violation."""
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        raise Violation(f"the {what} has another shape or type", None, form(actual), form(expected))
    if actual.tobytes() == expected.tobytes():
        return 0.0
    same = (actual == expected) & (np.signbit(actual) == np.signbit(expected))
    differs = ~(same | (np.isnan(actual) & np.isnan(expected)))
    if not differs.any():
        return 0.0
    at = tuple(int(i) for i in np.argwhere(differs)[0])
    arrays = _arrays(actual, expected, np.zeros(actual.shape))
    raise Violation(f"the {what} differs", list(at), float(actual[at]), float(expected[at]), 0.0, arrays)


def same_state(what, actual, expected):
    """Zero, where two states are equal to the bit, array by array; else raises Violation."""
    if len(actual) != len(expected):
        raise Violation(f"{what}: the state has another number of layers", None, len(actual), len(expected))
    for i, (own, other) in enumerate(zip(actual, expected, strict=True)):
        if own.keys() != other.keys():
            raise Violation(f"{what}: layer {i} has other weights", None, sorted(own), sorted(other))
        for name in own:
            same_bits(f"{name} of layer {i} {what}", own[name], other[name])
    return 0.0
