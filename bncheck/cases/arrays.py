"""Arrays as JSON and as text: exact, with NaN and infinities as strings, because JSON has none."""

import base64
import math

import numpy as np

from bncheck.errors import UsageError

DTYPES = ("float16", "float32", "float64", "int32", "int64", "bool")
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
LARGEST = 10**7


def to_json(value):
    """Plain values with each array as ``{"dtype", "shape", "data"}``; the data is a flat list, exact to the bit."""
    if isinstance(value, np.ndarray):
        data = [number(item) for item in value.ravel().tolist()]
        return {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return number(value)


def number(value):
    """A scalar as JSON: a float that is not finite is a string."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def from_json(value):
    """The inverse of :func:`to_json`.  Raises UsageError for an array that is malformed."""
    if isinstance(value, dict):
        if set(value) == {"dtype", "shape", "data"}:
            return _array(value)
        return {name: from_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def _array(value):
    dtype, shape, data = value["dtype"], value["shape"], value["data"]
    sizes = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if dtype not in DTYPES or not sizes or not isinstance(data, list):
        raise UsageError(f"not an array: dtype {dtype!r:.40}, shape {shape!r:.80}")
    if math.prod(shape) != len(data) or len(data) > LARGEST:
        raise UsageError(f"an array of shape {shape} has {len(data)} values")
    try:
        values = [item if isinstance(item, int | float) else NON_FINITE[item] for item in data]
        with np.errstate(over="raise"):
            return np.array(values, dtype).reshape(shape)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise UsageError(f"an array of {dtype} holds something that is no number of it") from None


def packed(array):
    """An array as ``{"dtype", "shape", "base64"}``, its bytes little-endian: short, where nobody reads the numbers."""
    raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "base64": base64.b64encode(raw).decode("ascii")}


def unpacked(value):
    """The inverse of :func:`packed`.  Raises UsageError for an array that is malformed."""
    dtype, shape = value["dtype"], value["shape"]
    if dtype not in DTYPES or not all(type(n) is int and 0 <= n <= LARGEST for n in shape):
        raise UsageError(f"not an array: dtype {dtype!r:.40}, shape {shape!r:.80}")
    try:
        raw = base64.b64decode(value["base64"], validate=True)
        return np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
    except ValueError:
        raise UsageError(f"an array of {dtype} and shape {shape!r:.80} has other bytes") from None


def text(array, most=64):
    """An array as a reader would type it: ``[[0.0], [8.0]]``; a long one shows its head and says its size."""
    if array.size <= most:
        return repr(np.asarray(array).tolist())
    head = ", ".join(repr(item) for item in array.ravel()[:6].tolist())
    return f"{array.dtype.name} of shape {array.shape}: {head}, …"
