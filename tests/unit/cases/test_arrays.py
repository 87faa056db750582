import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bncheck.cases.arrays import DTYPES, from_json, text, to_json
from bncheck.errors import UsageError

SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, 3.4028235e38, 0.1], np.float32)


def there_and_back(value):
    return from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def test_special_numbers_are_exact_to_the_bit():
    assert same(there_and_back(SPECIAL), SPECIAL)
    assert np.signbit(there_and_back(SPECIAL)[3])


@given(
    st.sampled_from([name for name in DTYPES if name != "bool"]).flatmap(
        lambda name: arrays.arrays(name, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
    )
)
def test_an_array_of_any_dtype_is_exact_to_the_bit(array):
    found = there_and_back(array)
    nans = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found[~nans].tobytes() == array[~nans].tobytes()
    assert np.isnan(found[nans]).all()


def test_plain_values_around_arrays_stay():
    value = {"a": [1, 2.5, None, True, "text"], "b": {"c": np.ones((1, 2))}}
    found = there_and_back(value)
    assert found["a"] == value["a"]
    assert same(found["b"]["c"], value["b"]["c"])


def test_a_number_that_is_not_finite_is_a_string_outside_an_array_too():
    assert to_json([np.float32("nan"), float("inf"), -float("inf"), np.int64(3)]) == ["nan", "inf", "-inf", 3]


GOOD = {"dtype": "float32", "shape": [2], "data": [1.0, 2.0]}


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "complex64"},
        {"dtype": ["float32"]},
        {"dtype": None},
        {"shape": [3]},
        {"shape": [-1]},
        {"shape": 2},
        {"shape": [2.0]},
        {"shape": [True, 2]},
        {"shape": [10**9, 10**9]},
        {"data": "text"},
        {"data": [1.0, None]},
        {"data": [1.0, 1e300]},
        {"data": [1.0, "two"]},
        {"data": [1.0, [2.0]]},
        {"data": [1.0, {"dtype": 1}]},
        {"dtype": "int32", "data": [1, 2**40]},
        {"dtype": "int32", "data": ["nan", 1]},
    ],
)
def test_an_array_that_is_malformed_is_refused_in_one_line(change):
    with pytest.raises(UsageError) as raised:
        from_json({**GOOD, **change})
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_an_array_is_shown_as_a_reader_would_type_it():
    assert text(np.array([[0.0], [8.0]], np.float32)) == "[[0.0], [8.0]]"
    assert text(np.zeros((9, 9), np.float32)) == "float32 of shape (9, 9): 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, …"
