"""The two half-precision dtypes, float16 and bfloat16, which NumPy lacks: it is the upper half of a float32."""

import numpy as np

LIMITS = {"bfloat16": (2.0**-8, 2.0**-126, (2 - 2.0**-7) * 2.0**127)}


def limits(dtype):
    """The unit roundoff, the smallest normal and the largest number of a dtype."""
    if dtype in LIMITS:
        return LIMITS[dtype]
    info = np.finfo(dtype)
    return float(info.eps) / 2, float(info.tiny), float(info.max)


def nearest(values, half):
    """The values rounded to the nearest numbers of a half-precision dtype, ties to even, as float32."""
    values = np.ascontiguousarray(values, np.float32)
    if half == "float16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).astype(np.float32)
    bits = values.view(np.uint32)
    upper = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return np.where(np.isfinite(values), upper.astype(np.uint32).view(np.float32), values)
