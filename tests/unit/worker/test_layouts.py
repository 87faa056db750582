"""A layout changes where numbers lie, never what they are."""

import numpy as np
import pytest

from bncheck.worker.layouts import LAYOUTS, lay


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2, 3)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_numbers_stay(layout, shape, dtype):
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    if layout == "broadcast":
        array = np.repeat(array[:1], len(array), axis=0)
    found = lay(array, layout)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"offset"}))
def test_the_memory_is_no_longer_contiguous(layout):
    assert not lay(np.ones((4, 3)), layout).flags.c_contiguous


def test_an_offset_array_lies_behind_another_number():
    found = lay(np.ones((4, 3)), "offset")
    assert found.base.size == 13


def test_rows_that_differ_cannot_be_broadcast():
    with pytest.raises(ValueError, match="equal rows"):
        lay(np.arange(3.0), "broadcast")


def test_no_layout_is_the_array_itself():
    array = np.ones(3)
    assert lay(array, None) is array
