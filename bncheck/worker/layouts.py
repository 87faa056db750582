"""The same array in other layouts of memory: what a slice, a transpose or a broadcast of the user's own leaves."""

import numpy as np


def lay(array, layout):
    """The array's values in a layout: None for as it is, or a name of ``LAYOUTS``.  Raises KeyError."""
    return LAYOUTS[layout](array) if layout else array


def _strided(array):
    """Every other number of a buffer; the numbers between are NaN, so that reading them shows."""
    buffer = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    buffer[..., ::2] = array
    return buffer[..., ::2]


def _reversed(array):
    """Rows that lie in memory from the last to the first."""
    return np.ascontiguousarray(array[::-1])[::-1]


def _broadcast(array):
    """One row in memory for all rows, which have to be equal."""
    if not all(np.array_equal(array[:1], array[i : i + 1]) for i in range(len(array))):
        raise ValueError("only equal rows can be broadcast")
    return np.lib.stride_tricks.as_strided(array, strides=(0, *array.strides[1:]))


def _offset(array):
    """Contiguous, and behind one other number: no longer where an allocation begins."""
    buffer = np.full(array.size + 1, np.nan, array.dtype)
    buffer[1:] = array.ravel()
    return buffer[1:].reshape(array.shape)


LAYOUTS = {
    "strided": _strided,
    "transposed": np.asfortranarray,
    "reversed": _reversed,
    "broadcast": _broadcast,
    "offset": _offset,
}
