"""Numbers with error bounds: how far a sound algorithm in a dtype may be from the exact result.

A :class:`Ball` is a value, computed in at least 20 bits more than the dtype has, and for each element a bound on the
error that an algorithm working in the dtype may make; operations compute both (running error analysis: Wilkinson
1963; Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.3).  A bound is infinite where the dtype
overflows.  Every constant that decides what is tolerated stands in this file:

- u is the unit roundoff of the dtype; an operation may round twice, because kernels split or fuse operations.
- Adding n terms up rounds n - 1 partial sums s, each by at most u |s|, which is to first order an error of at most
  u sum |s| (Higham 2002, equation 4.3), and of LAMBDA u sqrt(m sum s^2) but for a probability of 2 exp(-LAMBDA^2 / 2),
  8e-6, where roundings are mean-independent (Azuma's inequality, as Higham and Mary 2019 use it for theorem 2.4).
  The order is not known: the s are the largest that any order, or tree, may have (:func:`sums.largest`).  Terms that
  round alike break the inequality's premise; m, the largest number of them, takes them together (:func:`sums.alike`).
  So do terms below the precision of the sum: they are lost, all one way, and so they are counted whole.  Each term may
  be rounded before it is added.
- Results below the smallest normal number may be flushed to zero.
- The variance is the two-pass one (Chan, Golub and LeVeque 1983), in which the error of the mean enters squared.
- The normalisation may be computed as x a + (beta - m a), as most frameworks do; its cancellation is allowed for.
"""

from functools import lru_cache

import numpy as np

from bncheck.truth import pairs, sums
from bncheck.truth.ball import Ball, as_float64, magnitude
from bncheck.truth.halves import limits
from bncheck.truth.memory import Memory

REFERENCE = 2.0**-20  # the reference's own error, as a share of the errors that it gives
LAMBDA = 5.0
OPERATION = 2.0
FUNCTION = 8.0
MIXING = 3.0
ROOT = 4.0


def _top(sizes):
    """The largest of numbers none of which is below zero; NaN where one is no number, and zero of none."""
    return sizes.item(sizes.argmax()) if sizes.size else 0.0


class Balls:
    """The arithmetic of balls for a dtype: what :mod:`bncheck.truth.layers` computes with to get bounds.

    ``lift(values)`` gives them in the precision of the reference: float64, and for float64 pairs of it.
    """

    def __init__(self, dtype):
        self.u, self.tiny, self.largest = limits(dtype)
        self.rounding = OPERATION * self.u
        self.grown = 1 + self.rounding
        self.memory = Memory()
        self.lift = pairs.pair if dtype == "float64" else _float64

    def exact(self, values):
        """Values that are known exactly; but one below the smallest normal number may be read as zero."""
        lifted = self.lift(values)
        size = magnitude(lifted)
        return Ball(self, lifted, np.where(size < self.tiny, size, 0.0), size)

    def constant(self, scalar):
        """A setting, which the subject may round to its dtype."""
        return Ball(self, self.lift(scalar), np.float64(abs(scalar) * self.u))

    def settle(self, value, error):
        """The ball of an operation's exact value, with the roundings of the operation itself added to its error."""
        size = magnitude(value)
        error = error * self.grown + (size * self.rounding + self.tiny)
        return Ball(self, value, self.within(size + error, error), size)

    def within(self, reach, error):
        """The error, or infinity where what an algorithm holds on its way may exceed the dtype's largest number."""
        if _top(reach) <= self.largest:
            return error
        return np.where(reach <= self.largest, error, np.inf)

    def adding(self, terms, axes):
        """The sum of the terms' magnitudes over the axes, which are kept, and the error of adding the terms up."""
        shape = [1 if axis in axes else n for axis, n in enumerate(terms.shape)]
        rows = sums.rows(terms, axes)
        size, partial = np.abs(rows), sums.largest(rows)
        total = size.sum(axis=1, keepdims=True)
        error = self.u * (total + partial.sum(axis=1, keepdims=True))
        if rows.shape[1] > LAMBDA**2:
            rounding = OPERATION * self.u * total  # what the sum so far is rounded to
            lost = (size * (size <= rounding)).sum(axis=1, keepdims=True)
            alike = sums.alike(size, rounding, sums.last_digit(total, self.u))
            spread = np.sqrt(alike * np.square(partial / total).sum(axis=1, keepdims=True)) * total
            error = np.fmin(error, self.u * (total + LAMBDA * spread) + lost)
        return total.reshape(shape), error.reshape(shape)

    def sum(self, x, axes):
        """The sum over the axes, which are kept with size one."""
        _, error = x.added(axes)
        error = error + x.error.sum(axis=axes, keepdims=True)
        return self.settle(x.value.sum(axis=axes, keepdims=True), error)

    def mean(self, x, axes):
        """The mean over the axes, which are kept with size one; the terms may be divided before they are added."""
        size, error = x.added(axes)
        error = self._unrounded(self._exact(x, axes), size, error)
        total = self.settle(x.value.sum(axis=axes, keepdims=True), error + x.error.sum(axis=axes, keepdims=True))
        count = x.size // max(total.size, 1)
        return self.settle(total.value / count, total.error / count)

    def variance(self, x, mean, axes):
        """The two-pass biased variance: an error of the mean enters squared, and adds to what the data had."""
        gap = x.value - mean.value
        size = magnitude(gap)
        value = (gap * gap).mean(axis=axes, keepdims=True)
        squares, share = size * size, value.size / max(size.size, 1)
        spread, rounding = self.adding(squares, axes)
        exact = self._exact(x, axes)
        exact = exact if exact is False else exact & self._whole(squares, spread, axes)
        rounding = self._unrounded(exact, spread, rounding) + 2 * OPERATION * self.u * spread
        error = rounding * share + mean.error**2
        if _top(x.error) != 0.0:
            moved = x.error + x.error.mean(axis=axes, keepdims=True)
            error = error + ((2 * size + moved) * moved).mean(axis=axes, keepdims=True)
        return self.settle(value, self.within(spread + error / share, error))

    def _exact(self, x, axes):
        """Where no sum of the values is rounded, in any order, nor one of their shares of a mean.

        There they are exact, and multiples of the last digit of the sum of their magnitudes; and as many as a power of
        two.
        """
        size, _ = x.added(axes)
        if (x.size // max(size.size, 1)).bit_count() != 1:
            return False
        return self._whole(as_float64(x.value), size, axes) & (x.error == 0).all(axis=axes, keepdims=True)

    def _whole(self, terms, total, axes):
        steps = terms / sums.last_digit(total, self.u)
        return (steps == np.floor(steps)).all(axis=axes, keepdims=True)

    def _unrounded(self, exact, size, error):
        """The error of a mean's sum: where that is exact, an operation on each value is allowed for."""
        return error if exact is False else np.where(exact, np.fmin(error, OPERATION * self.u * size), error)

    def inverse_root(self, x, offset):
        """1 / sqrt(x + offset) for an x that is computed as no less than zero, and a setting ``offset``."""
        total = x.value + self.lift(offset)
        size, low = magnitude(total), np.maximum(x.magnitude - x.error, 0.0) + offset
        moved = np.minimum(x.error, x.magnitude) + OPERATION * self.u * (size + offset)
        moved = np.where(np.isfinite(x.error), moved, np.inf)
        root, least = np.sqrt(size), np.sqrt(low)
        value = 1 / np.sqrt(total)
        error = moved / (root * least * (root + least)) + ROOT * self.u * magnitude(value)
        return self.settle(value, np.maximum(error, self._other_side(x.error, size, root)))

    @staticmethod
    def _other_side(error, size, root):
        high = np.sqrt(size + error)
        return error / (root * high * (root + high))

    def root(self, x):
        """The square root."""
        value = np.sqrt(x.value)
        size = magnitude(value)
        error = np.minimum(x.error / np.maximum(size, self.tiny), np.sqrt(x.error)) + ROOT * self.u * size
        return self.settle(value, error)

    def affine(self, x, mean, factor, offset):
        """(x - mean) factor + offset, which may be computed as x factor + (offset - mean factor)."""
        gap = x.value - mean.value
        value = gap * factor.value + offset.value
        a = factor.magnitude
        error = (x.error + mean.error) * (a + factor.error) + magnitude(gap) * factor.error + offset.error
        folded = (x.magnitude + mean.magnitude) * a + offset.magnitude
        return self.settle(value, self.within(folded, error + OPERATION * self.u * folded + self.tiny * (a + 2)))

    fused = affine

    def centred_dot(self, dy, x, mean, factor, axes):
        """sum(dy (x - mean)) factor, which may be computed as (sum(dy x) - mean sum(dy)) factor."""
        gap, weight = x.value - mean.value, dy.magnitude
        total = (dy.value * gap).sum(axis=axes, keepdims=True)
        a = factor.magnitude
        moved = weight * x.error + dy.error * (magnitude(gap) + x.error)
        common = magnitude(dy.value.sum(axis=axes, keepdims=True)) + dy.error.sum(axis=axes, keepdims=True)
        size, rounding = self.adding(as_float64(dy.value) * as_float64(x.value), axes)
        other, more = dy.added(axes)
        size, rounding = size + mean.magnitude * other, rounding + mean.magnitude * more
        rounding = rounding + OPERATION * self.u * size + self.tiny * (dy.size // max(total.size, 1))
        error = moved.sum(axis=axes, keepdims=True) + mean.error * common + rounding
        error = self.within(size, error)
        return self.settle(total * factor.value, error * (a + factor.error) + magnitude(total) * factor.error)

    def projection(self, x, mean, factor, dot, count):
        """(x - mean) factor dot / count, the part of a gradient that goes through the variance.

        Differentiating 1 / sqrt(variance) takes the cube of ``factor``, which may be flushed to zero.
        """
        found = (x - mean) * factor * self.part(dot, 1, count)
        flushed = self.tiny * magnitude(x.value - mean.value) * dot.magnitude / count / factor.magnitude**2
        return Ball(self, found.value, found.error + np.fmin(found.magnitude, flushed), found.magnitude)

    def mix(self, old, new, share):
        """share old + (1 - share) new, which may be computed as old - (old - new) (1 - share).

        That way (1 - share) |old - new| has three roundings, and 1 - share may be taken after the share is rounded.
        """
        p, q = self.lift(share), self.lift(1) - self.lift(share)
        error = share * old.error + (1 - share) * new.error
        size = old.magnitude + new.magnitude
        return self.settle(p * old.value + q * new.value, error + (MIXING - share) * self.u * size + 2 * self.tiny)

    def scaled(self, x, factor):
        """The values times a plain number that is known to more digits than the dtype has."""
        return self.settle(x.value * self.lift(factor), x.error * abs(factor))

    def unknown(self, x):
        """The values, in whose place may stand anything."""
        return Ball(self, x.value, np.full(x.shape, np.inf))

    def part(self, x, share, whole):
        """The values times share / whole, two whole numbers."""
        return self.settle(x.value * share / whole, x.error * share / whole)

    def relu(self, x):
        """max(x, 0)."""
        return Ball(self, np.maximum(x.value, self.lift(0)), x.error)

    def step(self, x):
        """1 where x > 0 and 0 elsewhere; unknown where the sign of x is not certain."""
        sure = (x.magnitude > x.error) | (x.error == 0)
        return Ball(self, self.lift(x.magnitude * (x.value > 0) > 0), np.where(sure, 0.0, 1.0))

    def sigmoid(self, x):
        """1 / (1 + exp(-x)), whose slope is at most a quarter."""
        shrunk = np.exp(-np.abs(x.value))
        value = np.maximum(shrunk, self.lift(x.value > 0)) / (1 + shrunk)
        return self.settle(value, x.error / 4 + FUNCTION * self.u * magnitude(value))

    def tanh(self, x):
        """The hyperbolic tangent, whose slope is at most one."""
        shrunk = np.exp(-2 * np.abs(x.value))
        value = np.where(x.value < 0, -1, 1) * ((1 - shrunk) / (1 + shrunk))
        return self.settle(value, x.error + FUNCTION * self.u * magnitude(value))

    def rounded(self, values):
        """The exact values, each with the error of rounding it to the dtype."""
        lifted = self.lift(values)
        return Ball(self, lifted, magnitude(lifted) * self.u)

    def narrowed(self, x, half):
        """The values rounded once, to a half-precision dtype; its own largest number bounds what is told of them."""
        u, tiny, largest = limits(half)
        reach = x.magnitude + x.error
        return Ball(self, x.value, np.where(reach <= largest, x.error + u * (reach + tiny), np.inf), x.magnitude)

    @staticmethod
    def stack(balls):
        """One ball of several along the first axis."""
        join = pairs.concatenate if isinstance(balls[0].value, pairs.Pair) else np.concatenate
        return Ball(balls[0].arithmetic, join([b.value for b in balls]), np.concatenate([b.error for b in balls]))


def _float64(values):
    return np.asarray(values, np.float64)


@lru_cache
def balls(dtype):
    """The arithmetic of balls for a dtype's name."""
    return Balls(dtype)
