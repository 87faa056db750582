"""Batch norms written here from the formulas, in the dtype itself, each by sound algorithms of its own choice.

They stand for the frameworks in the tests of the bounds: whatever they do, a bound has to allow.
"""

from dataclasses import dataclass

import numpy as np

from bncheck.cases.case import Backward, SetState, State

BLOCK = 64
LANES = 8


def pairwise(rows):
    """NumPy's own sum along the contiguous axis: pairwise above 128 terms, eight lanes below."""
    return np.ascontiguousarray(rows).sum(axis=1, dtype=rows.dtype)


def sequential(rows):
    """One term after the other."""
    return np.cumsum(rows, axis=1, dtype=rows.dtype)[:, -1]


def backwards(rows):
    """One term after the other, from the last to the first."""
    return sequential(rows[:, ::-1])


def blocked(rows):
    """Sums of blocks of 64 terms, then the sum of those sums."""
    starts = np.arange(0, rows.shape[1], BLOCK)
    return sequential(np.stack([sequential(rows[:, start : start + BLOCK]) for start in starts], axis=1))


def laned(rows):
    """Eight running sums, as a vector register keeps them, then their sum; the tail one by one."""
    whole = rows.shape[1] // LANES * LANES
    lanes = [sequential(rows[:, lane:whole:LANES]) for lane in range(LANES)] if whole else []
    return sequential(np.concatenate([np.stack([*lanes], axis=1) if lanes else rows[:, :0], rows[:, whole:]], axis=1))


def centred(x, mean, factor, offset):
    """(x - mean) factor + offset."""
    return (x - mean) * factor + offset


def folded(x, mean, factor, offset):
    """x factor + (offset - mean factor)."""
    return x * factor + (offset - mean * factor)


def normalised_first(dy, x, mean, inverse, factor, total):
    """The input's gradient by the normalised input; gamma's from the same."""
    normal, one = (x - mean) * inverse, x.dtype.type(1)
    count = one * x.dtype.type(x.shape[1])
    gamma = total(dy * normal)[:, None]
    common = total(dy)[:, None] / count
    return (dy - common - normal * (gamma / count)) * factor, gamma


def dot_first(dy, x, mean, inverse, factor, total):
    """The input's gradient by sum(dy (x - mean)) and the square of the inverse deviation."""
    count = x.dtype.type(x.shape[1])
    dot = total(dy * (x - mean))[:, None]
    return (dy - total(dy)[:, None] / count - (x - mean) * (dot * inverse * inverse / count)) * factor, dot * inverse


def by_variance(dy, x, mean, inverse, factor, total):
    """Through the variance and the mean, one after the other, as in the paper: with the inverse deviation's cube."""
    kind = x.dtype.type
    count, gamma = kind(x.shape[1]), factor / inverse
    dot = total(dy * gamma * (x - mean))[:, None]
    dvariance = dot * kind(-0.5) * (inverse * inverse * inverse)
    dmean = -total(dy * factor)[:, None]
    found = dy * factor + dvariance * (kind(2) * (x - mean) / count) + dmean / count
    return found, total(dy * (x - mean) * inverse)[:, None]


def by_folding(dy, x, mean, inverse, factor, total):
    """The derivative of the folded form: sum(dy x) - mean sum(dy), which cancels at an offset."""
    kind = x.dtype.type
    count, gamma = kind(x.shape[1]), factor / inverse
    dfactor = total(dy * x)[:, None] - mean * total(dy)[:, None]
    dvariance = kind(-0.5) * (inverse * inverse) * inverse * (dfactor * gamma)
    dmean = -factor * total(dy)[:, None]
    return dy * factor + dmean / count + (x - mean) * (kind(2) / count) * dvariance, dfactor * inverse


def weighed(old, new, share):
    """share old + (1 - share) new."""
    return old.dtype.type(share) * old + old.dtype.type(1 - share) * new


def stepped(old, new, share):
    """old - (old - new) (1 - share), where 1 - share is taken in the dtype."""
    kind = old.dtype.type
    return old - (old - new) * (kind(1) - kind(share))


@dataclass(frozen=True)
class Algorithm:
    """One batch norm: how it sums, normalises, differentiates, and moves its statistics."""

    total: object
    affine: object
    gradient: object
    move: object
    flush: bool = False

    def run(self, case):
        """What each step of a case of one batch norm returns."""
        return Run(self, case).run()


ALGORITHMS = {
    "pairwise": Algorithm(pairwise, centred, normalised_first, weighed),
    "sequential": Algorithm(sequential, centred, dot_first, stepped),
    "backwards and folded": Algorithm(backwards, folded, by_variance, weighed),
    "blocked": Algorithm(blocked, centred, by_variance, stepped),
    "laned and folded": Algorithm(laned, folded, by_folding, stepped),
    "pairwise and folded": Algorithm(pairwise, folded, by_folding, weighed),
    "flushed": Algorithm(laned, centred, normalised_first, weighed, flush=True),
}


class Run:
    """The state of one batch norm over the steps of a case; inside, x has the shape (channels, values)."""

    def __init__(self, algorithm, case):
        self.algorithm, self.case, self.layer = algorithm, case, case.network[0]
        self.state, self.dtype = {}, np.dtype(case.dtype).type

    def run(self):
        """What each step returns."""
        with np.errstate(all="ignore"):
            return [self.step(step) for step in self.case.steps]

    def step(self, step):
        if isinstance(step, SetState):
            self.state = dict(step.state[0])
            return {}
        if isinstance(step, State):
            return {"state": [dict(self.state)]}
        x = self.rows(step.x)
        mean, inverse, factor, offset = self.weights(x, step.training)
        y = self.algorithm.affine(x, mean, factor, offset)
        if not isinstance(step, Backward):
            return {"y": self.whole(y, step.x.shape)}
        dx, params = self.back(self.rows(step.dy), x, mean, inverse, factor, step.training)
        return {"y": self.whole(y, step.x.shape), "dx": self.whole(dx, step.x.shape), "params": [params]}

    def rows(self, x):
        moved = np.moveaxis(x, self.layer.axis, 0)
        return self.flushed(moved.reshape(len(moved), -1))

    def whole(self, rows, shape):
        """The inverse of rows."""
        order = list(shape)
        channels = order.pop(self.layer.axis)
        return np.moveaxis(self.flushed(rows).reshape(channels, *order), 0, self.layer.axis)

    def flushed(self, array):
        if not self.algorithm.flush:
            return array
        return np.where(np.abs(array) < np.finfo(self.dtype).tiny, self.dtype(0), array)

    def weights(self, x, training):
        column = {name: self.flushed(value)[:, None] for name, value in self.state.items()}
        mean, variance = (column[name] for name in ("moving_mean", "moving_variance"))
        if training:
            count = self.dtype(x.shape[1])
            mean = self.flushed(self.algorithm.total(x)[:, None] / count)
            gap = self.flushed(x - mean)
            variance = self.flushed(self.algorithm.total(self.flushed(gap * gap))[:, None] / count)
            for name, new in (("moving_mean", mean), ("moving_variance", variance)):
                moved = self.algorithm.move(column[name], new, self.layer.momentum)
                self.state[name] = self.flushed(moved)[:, 0]
        inverse = self.flushed(self.dtype(1) / np.sqrt(variance + self.dtype(self.layer.eps)))
        factor = inverse * column.get("gamma", self.dtype(1))
        return mean, inverse, self.flushed(factor), column.get("beta", self.dtype(0))

    def back(self, dy, x, mean, inverse, factor, training):
        total = self.algorithm.total
        dx, gamma = self.algorithm.gradient(dy, x, mean, inverse, factor, total)
        params = {"gamma": gamma[:, 0]} if self.layer.scale else {}
        if self.layer.center:
            params["beta"] = total(dy)
        return (dx if training else dy * factor), params
