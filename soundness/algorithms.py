"""Batch norms written here from the formulas, in the dtype itself, each by sound algorithms of its own choice.

They stand for the frameworks: whatever they do, a bound has to allow.  Inside, x has the shape (channels, values).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from bncheck.truth import reference
from bncheck.truth.layers import MATHS, BatchNormMath

BLOCK = 64
LANES = 8
WIDER = {"float32": np.float64, "float64": np.longdouble}


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


def two_pass(rows, total, kept):
    """The mean, and the mean of the squared distances from it."""
    count = rows.dtype.type(rows.shape[1])
    mean = kept(total(rows)[:, None] / count)
    gap = kept(rows - mean)
    return mean, kept(total(kept(gap * gap))[:, None] / count)


def corrected(rows, total, kept):
    """Two passes; what rounding left in the sum of the distances is taken off (Chan, Golub and LeVeque 1983, 1.7)."""
    mean, variance = two_pass(rows, total, kept)
    left = total(rows - mean)[:, None] / rows.dtype.type(rows.shape[1])
    return mean, np.maximum(variance - left * left, rows.dtype.type(0))


def welford(rows, total, kept):
    """One pass of Welford's update in blocks, which Chan's formula merges; it is kept in a wider dtype, as kernels do.

    In the dtype itself the update is off by u |mean| / deviation, which is more than two passes are.
    """
    wide = rows.astype(WIDER[rows.dtype.name])
    start, kind = wide[:, :1], rows.dtype.type
    parts = [_updated((wide[:, at : at + BLOCK] - start).T) for at in range(0, rows.shape[1], BLOCK)]
    while len(parts) > 1:
        merged = [_merged(*pair) for pair in zip(parts[::2], parts[1::2], strict=False)]
        parts = merged + parts[len(merged) * 2 :]
    ((count, mean, squares),) = parts
    return (start + mean[:, None]).astype(kind), (squares / count)[:, None].astype(kind)


def _updated(values):
    """The number of values, their mean and the sum of squared distances (Welford 1962)."""
    mean, squares = np.zeros_like(values[0]), np.zeros_like(values[0])
    for number, value in enumerate(values, 1):
        gap = value - mean
        mean = mean + gap / number
        squares = squares + gap * (value - mean)
    return len(values), mean, squares


def _merged(one, other):
    """The same of two parts together (Chan, Golub and LeVeque 1979)."""
    (n, mean, squares), (m, other_mean, other_squares) = one, other
    gap = other_mean - mean
    return n + m, mean + gap * m / (n + m), squares + other_squares + gap * gap * n * m / (n + m)


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
    """One batch norm: how it sums, takes its statistics, normalises, differentiates, and moves its statistics."""

    total: object
    moments: object
    affine: object
    gradient: object
    move: object
    order: str = "C"  # "F" goes over the rows before it goes over a row's positions
    flush: bool = False
    unbiased: bool = False

    @property
    def maths(self):
        """What computes each kind of layer of a network with this batch norm."""
        return {**MATHS, "BatchNorm": partial(SoundBatchNorm, self)}

    def run(self, case):
        """What each step of a case returns."""
        return reference.run_in_dtype(case, maths=self.maths)


ALGORITHMS = {
    "pairwise": Algorithm(pairwise, two_pass, centred, normalised_first, weighed),
    "sequential": Algorithm(sequential, two_pass, centred, dot_first, stepped, order="F"),
    "backwards and folded": Algorithm(backwards, two_pass, folded, by_variance, weighed),
    "blocked": Algorithm(blocked, corrected, centred, by_variance, stepped, order="F"),
    "laned and folded": Algorithm(laned, two_pass, folded, by_folding, stepped),
    "pairwise and folded": Algorithm(pairwise, corrected, folded, by_folding, weighed),
    "welford": Algorithm(blocked, welford, centred, normalised_first, stepped),
    "flushed": Algorithm(laned, two_pass, centred, normalised_first, weighed, flush=True),
}


class SoundBatchNorm(BatchNormMath):
    """One batch norm, in place of the reference's own; what it leaves for the gradient has the reference's form."""

    def __init__(self, algorithm, arithmetic, layer, traits):
        super().__init__(arithmetic, layer, traits)
        self.algorithm, self.dtype = algorithm, arithmetic.dtype

    def forward(self, weights, x, training, batch_statistics, mask=None):
        """The output; moves the moving statistics in ``weights`` when ``training``."""
        axis = self.layer.axis % x.ndim
        axes = tuple(a for a in range(x.ndim) if a != axis)
        shape = [x.shape[axis] if a == axis else 1 for a in range(x.ndim)]
        column = {name: self.kept(value)[:, None] for name, value in weights.items()}
        mean, variance = (column[name] for name in ("moving_mean", "moving_variance"))
        rows = self.rows(x)
        counted = rows if mask is None else self.rows(x[mask])
        batch_statistics = batch_statistics and bool(counted.size)
        if batch_statistics:
            mean, variance = self.algorithm.moments(counted, self.algorithm.total, self.kept)
        if training and batch_statistics:
            self.move(weights, column, mean, variance, counted.shape[1])
        inverse = self.kept(self.dtype(1) / np.sqrt(variance + self.dtype(self.layer.eps)))
        factor = self.kept(inverse * column.get("gamma", self.dtype(1)))
        y = self.algorithm.affine(rows, mean, factor, column.get("beta", self.dtype(0)))
        self.cache = (x, *(each.reshape(shape) for each in (mean, inverse, factor)), axes, batch_statistics)
        return self.whole(y, x.shape)

    def move(self, weights, column, mean, variance, count):
        """Each moving statistic a step further."""
        self.batches += 1
        if self.algorithm.unbiased and count > 1:
            variance = variance * self.dtype(count / (count - 1))
        share = 1 - 1 / self.batches if self.layer.momentum is None else self.layer.momentum
        for name, new in (("moving_mean", mean), ("moving_variance", variance)):
            weights[name] = self.kept(self.algorithm.move(column[name], new, share))[:, 0]

    def backward(self, dy):
        """dx and the parameters' gradients of sum(y * dy), for the last forward call."""
        x, *column, _, batch_statistics = self.cache
        mean, inverse, factor = (each.reshape(-1, 1) for each in column)
        rows, total = self.rows(dy), self.algorithm.total
        dx, gamma = rows * factor, np.zeros((len(rows), 1), self.dtype)
        if x.size:
            through, gamma = self.algorithm.gradient(rows, self.rows(x), mean, inverse, factor, total)
            dx = through if batch_statistics else dx
        gradients = {"gamma": gamma[:, 0]} if self.layer.scale else {}
        if self.layer.center:
            gradients["beta"] = total(rows) if x.size else gamma[:, 0]
        return self.whole(dx, x.shape), gradients

    def rows(self, x):
        """The values of each channel in a row."""
        moved = np.moveaxis(x, self.layer.axis, 0)
        return self.kept(moved.reshape(len(moved), moved[:1].size, order=self.algorithm.order))

    def whole(self, rows, shape):
        """The inverse of :meth:`rows`."""
        sides = list(shape)
        channels = sides.pop(self.layer.axis)
        return np.moveaxis(self.kept(rows).reshape(channels, *sides, order=self.algorithm.order), 0, self.layer.axis)

    def kept(self, array):
        """The array as this batch norm keeps it: subnormal numbers may be flushed to zero."""
        if not self.algorithm.flush:
            return array
        return np.where(np.abs(array) < np.finfo(self.dtype).tiny, self.dtype(0), array)
