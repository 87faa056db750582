"""Plainer numbers: what a reader would rather see in the place of an array's own."""

import numpy as np

PLAINEST = {"gamma": 1.0, "moving_variance": 1.0, "beta": 0.0, "moving_mean": 0.0}
OFFSETS = (0.0, 0.1, 1e2, 1e4, 1e6, 1e8)


def cost(array):
    """How much there is to read in an array; zeros and ones are free."""
    return sum(0 if value in (0, 1) else len(str(value)) for value in array.ravel())


def fillings(array, name):
    """Whole arrays to try in an array's place, the plainest first.

    Data are 0, 8, 16 ... by rows, for rows that are all alike have no variance; alike in all columns, or not; near zero
    or far from it.
    """
    if name == "x":
        columns = np.arange(1, array[0].size + 1).reshape(array.shape[1:])
        for plain in (_by_rows(array, 8.0), (_by_rows(array, 8.0) * columns).astype(array.dtype)):
            for offset in OFFSETS:
                yield plain + array.dtype.type(offset)
        return
    usual = PLAINEST.get(name, 0.0)
    yield np.full_like(array, usual)
    yield np.full_like(array, 1 - usual) if name in PLAINEST else (_by_rows(array, 1.0) == 0).astype(array.dtype)


def _by_rows(array, step):
    rows = np.arange(len(array)).reshape([-1, *[1] * (array.ndim - 1)]) * step
    return np.ascontiguousarray(np.broadcast_to(rows, array.shape), array.dtype)


def digits(array):
    """The array with ever more digits: zeros, ones, counted from its first number, whole, with one digit, two, three.

    Where a number has no such form, or is not finite, it is left as it is.
    """
    with np.errstate(all="ignore"):
        yield np.where(np.isfinite(array), array.dtype.type(0), array)
        yield np.where(np.isfinite(array), np.sign(array), array)
        yield _finite(array - array.reshape(-1)[0], array)
        yield _finite(np.round(array), array)
        for count in (1, 2, 3):
            yield _finite(_rounded(array, count), array)


def _rounded(array, count):
    found = [float(f"{value:.{count - 1}e}") for value in array.ravel().tolist()]
    return np.array(found, array.dtype).reshape(array.shape)


def _finite(plainer, array):
    return np.where(np.isfinite(plainer), plainer, array).astype(array.dtype)
