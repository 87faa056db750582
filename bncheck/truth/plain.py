"""The same operations as :class:`bncheck.truth.bounds.Balls` on plain arrays: our own layer, in the dtype itself."""

import numpy as np

from bncheck.truth.halves import LIMITS, nearest
from bncheck.truth.memory import Memory


class Plain:
    """The arithmetic of a dtype in NumPy: sums are pairwise and the variance has two passes."""

    def __init__(self, dtype):
        if dtype in LIMITS:
            raise NotImplementedError(f"NumPy has no {dtype}")
        self.dtype, self.memory = np.dtype(dtype).type, Memory()

    def exact(self, values):
        """The values in the dtype."""
        return np.asarray(values, self.dtype)

    constant = rounded = exact

    def sum(self, x, axes):
        """The sum over the axes, which are kept with size one."""
        return x.sum(axis=axes, keepdims=True)

    def mean(self, x, axes):
        """The mean over the axes, which are kept with size one."""
        return x.mean(axis=axes, keepdims=True, dtype=self.dtype)

    def variance(self, x, mean, axes):
        """The two-pass biased variance."""
        return self.mean((x - mean) ** 2, axes)

    def inverse_root(self, x, offset):
        """1 / sqrt(x + offset)."""
        return self.dtype(1) / np.sqrt(x + self.dtype(offset))

    def root(self, x):
        """The square root."""
        return np.sqrt(x)

    def affine(self, x, mean, factor, offset):
        """(x - mean) factor + offset."""
        return (x - mean) * factor + offset

    def fused(self, x, mean, factor, offset):
        """x factor + (offset - mean factor), rounded once."""
        folded, wide = offset - mean * factor, np.longdouble
        return (x.astype(wide) * factor.astype(wide) + folded.astype(wide)).astype(self.dtype)

    def centred_dot(self, dy, x, mean, factor, axes):
        """sum(dy (x - mean)) factor."""
        return self.sum(dy * (x - mean), axes) * factor

    def projection(self, x, mean, factor, dot, count):
        """(x - mean) factor dot / count."""
        return (x - mean) * factor * self.part(dot, 1, count)

    def mix(self, old, new, share):
        """share old + (1 - share) new."""
        return self.dtype(share) * old + self.dtype(1 - share) * new

    def scaled(self, x, factor):
        """The values times a plain number."""
        return x * self.dtype(factor)

    def unknown(self, x):
        """The values: no plain number says that it may be another."""
        return x

    def part(self, x, share, whole):
        """The values times share / whole, two whole numbers."""
        return x * self.dtype(share / whole)

    def relu(self, x):
        """max(x, 0)."""
        return np.maximum(x, self.dtype(0))

    def step(self, x):
        """1 where x > 0 and 0 elsewhere."""
        return (x > 0).astype(self.dtype)

    def sigmoid(self, x):
        """1 / (1 + exp(-x))."""
        return self.dtype(1) / (self.dtype(1) + np.exp(-x))

    def tanh(self, x):
        """The hyperbolic tangent."""
        return np.tanh(x)

    def narrowed(self, x, half):
        """The values rounded to a half-precision dtype."""
        return nearest(x, half)

    @staticmethod
    def stack(arrays):
        """One array of several along the first axis."""
        return np.concatenate(arrays)
