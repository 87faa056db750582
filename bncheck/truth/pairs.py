"""Arrays in twice the precision of float64: each number is the unevaluated sum of a high and a low float64.

Dekker (1971) gives the exact sum and product of two float64 as such a pair; Joldes, Muller and Popescu (2017) the
errors of the operations, at most 2**-101 of the operands here.  That holds between 1e-270 and 1e300; what overflows
becomes NaN.
"""

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

SPLITTER = 2.0**27 + 1
LN2 = (0.6931471805599453, 2.3190468138462996e-17)
HALVINGS, TERMS = 6, 14


class Pair(NDArrayOperatorsMixin):
    """An array of numbers ``high + low``."""

    __slots__ = ("high", "low")

    def __init__(self, high, low):
        self.high, self.low = high, low

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or options or ufunc not in UFUNCS:
            return NotImplemented
        return UFUNCS[ufunc](*map(_paired, inputs))

    def __add__(self, other):
        return _add(self, _paired(other))

    def __sub__(self, other):
        return _add(self, _negative(_paired(other)))

    def __mul__(self, other):
        return _multiply(self, _paired(other))

    def __truediv__(self, other):
        return _divide(self, _paired(other))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.high, dtype)

    def __float__(self):
        return float(self.high)

    def __getitem__(self, index):
        return Pair(self.high[index], self.low[index])

    @property
    def shape(self):
        """The shape of the array."""
        return self.high.shape

    @property
    def size(self):
        """The number of its numbers."""
        return self.high.size

    @property
    def ndim(self):
        """The number of its axes."""
        return self.high.ndim

    @property
    def T(self):
        """The transposed matrix."""
        return Pair(self.high.T, self.low.T)

    def reshape(self, *shape):
        """The same numbers in another shape."""
        return Pair(self.high.reshape(*shape), self.low.reshape(*shape))

    def sum(self, axis, keepdims=False):
        """The sum over an axis, or over several: neighbours are added until one is left."""
        axes = tuple(a % self.ndim for a in ((axis,) if isinstance(axis, int) else axis))
        kept = [a for a in range(self.ndim) if a not in axes]
        high, low = (each.transpose(*axes, *kept) for each in (self.high, self.low))
        rest = high.shape[len(axes) :]
        high, low = high.reshape(-1, *rest), low.reshape(-1, *rest)
        while len(high) > 1:
            half = len(high) // 2
            total, error = _two_sum(high[:half], high[half : 2 * half])
            error += low[:half]
            error += low[half : 2 * half]
            if len(high) % 2:
                total, error = np.concatenate([total, high[-1:]]), np.concatenate([error, low[-1:]])
            high, low = total, error
        shape = [1 if a in axes else n for a, n in enumerate(self.shape)] if keepdims else rest
        return _settled(high.reshape(shape), low.reshape(shape))

    def mean(self, axis, keepdims=False):
        """The mean over an axis, or over several."""
        total = self.sum(axis, keepdims)
        return total / (self.size // max(total.size, 1))


def pair(values):
    """Plain numbers as pairs."""
    high = np.asarray(values, np.float64)
    return Pair(high, np.zeros(high.shape))


def _paired(values):
    return values if isinstance(values, Pair) else pair(values)


def concatenate(pairs):
    """One array of several, along the first axis."""
    return Pair(*(np.concatenate([getattr(p, part) for p in pairs]) for part in ("high", "low")))


def _two_sum(a, b):
    """The sum of two float64, and its error."""
    total = a + b
    there = total - a
    return total, (a - (total - there)) + (b - there)


def _settled(a, b):
    """The pair of a float64 and a smaller one."""
    total = a + b
    return Pair(total, b - (total - a))


def _halves(a):
    """Two numbers of 26 bits whose sum is a float64."""
    scaled = SPLITTER * a
    upper = scaled - (scaled - a)
    return upper, a - upper


def _two_product(a, b):
    """The product of two float64, and its error."""
    product, (p, q), (r, s) = a * b, _halves(a), _halves(b)
    return product, ((p * r - product) + p * s + q * r) + q * s


def _add(a, b):
    total, error = _two_sum(a.high, b.high)
    return _settled(total, error + (a.low + b.low))


def _subtract(a, b):
    return _add(a, _negative(b))


def _negative(a):
    return Pair(-a.high, -a.low)


def _multiply(a, b):
    product, error = _two_product(a.high, b.high)
    return _settled(product, error + (a.high * b.low + a.low * b.high))


def _square(a):
    return _multiply(a, a)


def _divide(a, b):
    first = a.high / b.high
    product, error = _two_product(first, b.high)
    return _settled(first, ((a.high - product) - error + a.low - first * b.low) / b.high)


def _matmul(a, b):
    return _multiply(a[..., :, :, None], b[..., None, :, :]).sum(a.ndim - 1)


def _sqrt(a):
    first = np.sqrt(a.high)
    product, error = _two_product(first, first)
    rest = ((a.high - product) - error + a.low) / (2 * first)
    return _settled(first, np.where(first == 0, 0.0, rest))


def _exp(a):
    """The Taylor series near zero, after taking out powers of two and halving the rest, and squaring again."""
    powers = np.round(a.high / LN2[0])
    rest = (a - Pair(*map(np.asarray, LN2)) * powers) * 2.0**-HALVINGS
    found = pair(np.ones(a.shape))
    for n in range(TERMS, 0, -1):
        found = found * rest / float(n) + 1.0
    for _ in range(HALVINGS):
        found = found * found
    powers = np.clip(np.nan_to_num(powers), -2000, 2000).astype(int)
    return Pair(np.ldexp(found.high, powers), np.ldexp(found.low, powers))


def _absolute(a):
    sign = np.where(a.high < 0, -1.0, 1.0)
    return Pair(sign * a.high, sign * a.low)


def _less(a, b):
    return (a.high < b.high) | ((a.high == b.high) & (a.low < b.low))


def _maximum(a, b):
    less = _less(a, b)
    return Pair(np.where(less, b.high, a.high), np.where(less, b.low, a.low))


UFUNCS = {
    np.add: _add,
    np.subtract: _subtract,
    np.negative: _negative,
    np.multiply: _multiply,
    np.square: _square,
    np.divide: _divide,
    np.matmul: _matmul,
    np.sqrt: _sqrt,
    np.exp: _exp,
    np.absolute: _absolute,
    np.maximum: _maximum,
    np.less: _less,
    np.greater: lambda a, b: _less(b, a),
    np.equal: lambda a, b: (a.high == b.high) & (a.low == b.low),
}
