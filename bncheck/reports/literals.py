"""Values as literals of Python: what stands in a program comes from here, and is no code of a record's."""

from pprint import pformat

import numpy as np

from bncheck.reports.claim import Unsayable
from bncheck.worker.layouts import LAYOUTS

WIDTH = 110


class Code(str):
    """Text that stands in a program as it is: our own."""

    __slots__ = ()


class Laid:
    """An array in a layout of memory."""

    def __init__(self, array, layout):
        self.array, self.layout = array, layout


def literal(value):
    """A value as a literal of Python.  Raises Unsayable for what is no plain value."""
    if isinstance(value, Code):
        return value
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Laid):
        return _laid_array(value)
    if isinstance(value, tuple | list):
        inner = ", ".join(map(literal, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    raise Unsayable(f"a script has no literal for a {type(value).__name__}")


def _laid_array(value):
    if value.layout not in LAYOUTS:
        raise Unsayable(f"no layout is called {value.layout!r:.40}")
    function = LAYOUTS[value.layout]
    name = "np.asfortranarray" if function is np.asfortranarray else function.__name__
    return f"{name}({_array(value.array)})"


def _array(array):
    dtype = array.dtype.name
    if array.size == 0:
        return f"np.zeros({array.shape!r}, {dtype!r})"
    if array.size > 8 and (array == array.flat[0]).all():
        return f"np.full({array.shape!r}, {_number(array.flat[0])!r}, {dtype!r})"
    numbers = np.array([_number(item) for item in array.ravel()], object).reshape(array.shape)
    return f"np.array({pformat(numbers.tolist(), width=WIDTH - 20, compact=True)}, {dtype!r})"


def _number(item):
    """The number in the shortest form that its dtype reads back to the bit."""
    if item.dtype.kind != "f":
        return item.item()
    short = float(str(item))
    with np.errstate(all="ignore"):
        same = item.dtype.type(short).tobytes() == item.tobytes()
    return short if same else float(item)
