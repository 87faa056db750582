"""How far a sound algorithm may leave the sums over a channel in which the gradient for the input cancels.

In training dx = (dy - b - c (x - m)) f.  The mean m, b = sum(dy) / n, c = dot / (variance + epsilon) / n, where dot is
sum(dy (x - m)), and the factor f are a channel's own: one error moves all its values.  With b' for the b that is
computed, and so on, and r for what the operations on a value are rounded by, as sum(x - m) is zero,

    sum(dx')         = f' n (b - b' + c' (m' - m)) + sum(r)
    sum(dx' (x - m)) = f' (dot - c' n variance) + sum(r (x - m))

So the second has no part of the errors of b and m, nor the first of those of c and f, which are most of what is
allowed a single value.
"""

import numpy as np

from bncheck.cases.variants import as_rows
from bncheck.truth.bounds import Ball

COLUMN = (0,)


class GradientSums:
    """The balls of all that a channel's gradient is made of, for a Backward step of one batch norm in training."""

    def __init__(self, case, at, arithmetic):
        ar, self.layer, step = arithmetic, case.layer, case.steps[at]
        x, self.dy = (ar.exact(as_rows(array, self.layer.axis)) for array in (step.x, step.dy))
        gamma = case.steps[0].state[0].get("gamma", np.ones(x.shape[1], case.dtype))
        self.ar, self.count, self.mean = ar, x.shape[0], ar.mean(x, COLUMN)
        self.variance = ar.variance(x, self.mean, COLUMN)
        self.inverse = ar.inverse_root(self.variance, self.layer.eps)
        self.slope = ar.exact(gamma.reshape(1, -1)) * self.inverse
        self.dot = ar.centred_dot(self.dy, x, self.mean, self.inverse, COLUMN)
        self.common = ar.part(ar.sum(self.dy, COLUMN), 1, self.count)
        self.through = ar.part(self.inverse * self.dot, 1, self.count)
        self.gap = Ball(ar, x.value - self.mean.value, x.error)

    def error(self):
        """What the sum of the gradient may be off by, for each channel."""
        moved = self.common.error + _largest(self.through) * self.mean.error
        return _known(self.count * _largest(self.slope) * moved + self._rounding().sum(axis=0))

    def error_along(self):
        """What the sum of the gradient times x - mean may be off by, for each channel."""
        moved = _largest(self.slope) * self.variance.magnitude * self.through.error * self.count
        left = self.slope.error * self.dot.magnitude * self.inverse.magnitude * self.layer.eps
        return _known(moved + left + (self._rounding() * self.gap.magnitude).sum(axis=0))

    def _rounding(self):
        """What rounding the operations on a value may add to it, all that a channel has in common being known.

        The largest magnitudes stand for the values, since cancelling makes no rounding smaller.
        """
        dy, common, inverse, dot, slope = map(self._known, (self.dy, self.common, self.inverse, self.dot, self.slope))
        gap = Ball(self.ar, self.gap.magnitude + self.mean.error, self.gap.error)
        nothing = self.ar.exact(np.zeros(self.mean.shape))
        through = self.ar.projection(gap, nothing, inverse, dot, self.count)
        return ((dy + common + through) * slope).error

    def _known(self, ball):
        return Ball(self.ar, self.ar.lift(_largest(ball)), np.zeros(ball.shape))


def _largest(ball):
    return ball.magnitude + ball.error


def _known(error):
    return np.where(np.isfinite(error), error, np.inf).reshape(-1)
