"""A number with an error bound: arrays of values, and of the errors that an algorithm may make in them."""

import numpy as np


def magnitude(values):
    """The absolute values, as float64."""
    return np.abs(as_float64(values))


def as_float64(values):
    """The values as float64."""
    return getattr(values, "high", values)


class Ball:
    """Values and the bounds of their errors, of one shape."""

    __slots__ = ("_magnitude", "arithmetic", "error", "value")
    __array_ufunc__ = None  # so that an array on the left leaves the operation to us

    def __init__(self, arithmetic, value, error, known=None):
        self.arithmetic, self.value, self.error, self._magnitude = arithmetic, value, error, known

    @property
    def magnitude(self):
        """The absolute values, as float64."""
        if self._magnitude is None:
            self._magnitude = magnitude(self.value)
        return self._magnitude

    @property
    def shape(self):
        """The shape of the values."""
        return self.value.shape

    @property
    def size(self):
        """The number of values."""
        return self.value.size

    @property
    def ndim(self):
        """The number of axes."""
        return self.value.ndim

    def reshape(self, *shape):
        """The same numbers in another shape."""
        return Ball(self.arithmetic, self.value.reshape(*shape), self.error.reshape(*shape))

    def __getitem__(self, index):
        return Ball(self.arithmetic, self.value[index], self.error[index])

    @property
    def T(self):
        """The transposed matrix."""
        return Ball(self.arithmetic, self.value.T, self.error.T)

    def __neg__(self):
        return Ball(self.arithmetic, -self.value, self.error)

    def __add__(self, other):
        return self.arithmetic.settle(self.value + other.value, self.error + other.error)

    def __sub__(self, other):
        return self.arithmetic.settle(self.value - other.value, self.error + other.error)

    def __mul__(self, other):
        a, b = self.error, other.error
        error = self.magnitude * b + a * (other.magnitude + b)
        return self.arithmetic.settle(self.value * other.value, error)

    def __truediv__(self, other):
        least = other.magnitude - other.error
        value = self.value / other.value
        error = (self.error + magnitude(value) * other.error) / np.where(least > 0, least, 0.0)
        return self.arithmetic.settle(value, error)

    def __matmul__(self, other):
        a, b = self.magnitude, other.magnitude
        error = a @ other.error + self.error @ (b + other.error) + self.shape[-1] * self.arithmetic.u * (a @ b)
        return self.arithmetic.settle(self.value @ other.value, error)
