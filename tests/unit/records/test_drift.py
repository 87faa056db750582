import numpy as np
import pytest
from made_records import cell, made

from bncheck.cases.arrays import packed
from bncheck.errors import UsageError
from bncheck.records.drift import Drift, drifts, gone
from bncheck.records.gate import compare

SETTINGS = ("rank 2, channels last, float32", "rank 4, channels last, float32")
QUANTITY = "moving variance"


def numbers(values, setting=SETTINGS[0], case="a", allowed=0.0, quantity=QUANTITY, dtype="float32"):
    values = packed(np.array(values, dtype))
    return {"quantity": quantity, "setting": setting, "case": case, "allowed": allowed, "values": values}


def with_numbers(*found):
    return cell("a", numbers=list(found))


def drift(old, new, **more):
    [found] = drifts(with_numbers(numbers(old, **more)), with_numbers(numbers(new, **more))).values()
    return found


def test_equal_numbers_and_those_within_both_bounds_agree():
    assert drift([1.0, np.nan, np.inf], [1.0, np.nan, np.inf]) is None
    assert drift([1.0], [1.5], allowed=0.25) is None


def test_a_drift_is_in_units_of_the_last_place_of_the_larger_number():
    assert drift([2.0, 1.0], [2.0, 1.0 + 3 * 2.0**-23]) == Drift(3.0, 1.0, 1.0 + 3 * 2.0**-23, 0.0)
    assert drift([1.0], [1.0 + 2.0**-50], dtype="float64").ulps == 4.0
    assert drift([1.0], [1.5], allowed=0.2).allowed == 0.4


@pytest.mark.parametrize(("old", "new"), [([1.0], [np.nan]), ([np.inf], [1.0]), ([1.0], [1.0, 2.0])])
def test_what_is_no_number_any_more_has_drifted_for_good(old, new):
    assert drift(old, new).ulps == np.inf


def test_a_bound_that_is_no_number_allows_nothing_less_than_an_infinite_one():
    assert drift([1.0], [2.0], allowed="inf") is None
    assert drift([1.0], [2.0], allowed="nan").ulps > 0


def test_quantities_are_told_by_dtype_with_their_settings():
    old = with_numbers(numbers([1.0]), numbers([1.0], SETTINGS[1], "b"))
    new = with_numbers(numbers([1.0]), numbers([2.0], SETTINGS[1], "b"))
    [comparison] = compare(made(old), made(new))
    [change] = comparison.changes
    assert (change.layer, change.name, change.where, change.among) == (
        "numbers",
        "moving variance in float32",
        SETTINGS[1:],
        SETTINGS,
    )
    assert (change.drift.old, change.drift.new, comparison.seen["numbers"]) == (1.0, 2.0, 2)


def test_what_is_not_answered_any_more_is_gone():
    old, new = with_numbers(numbers([1.0]), numbers([1.0], SETTINGS[1], "b")), with_numbers(numbers([1.0]))
    assert gone(old, new) == [(QUANTITY, SETTINGS[1])]
    assert gone(new, old) == gone(old, cell("a")) == []
    [comparison] = compare(made(old), made(new))
    assert [(change.layer, change.name, change.where) for change in comparison.changes] == [
        ("coverage", "the moving variance", SETTINGS[1:])
    ]


def test_numbers_of_other_cases_are_told():
    with pytest.raises(UsageError, match="the numbers of other cases"):
        compare(made(with_numbers(numbers([1.0]))), made(with_numbers(numbers([1.0], case="b"))))


@pytest.mark.parametrize(
    "values",
    [
        {"dtype": "object", "shape": [1], "base64": ""},
        {"dtype": "float32", "shape": [-1], "base64": ""},
        {"dtype": "float32", "shape": [10**9], "base64": ""},
        {"dtype": "float32", "shape": [2], "base64": "AAAA"},
        {"dtype": "float32", "shape": [1], "base64": "\u202e"},
    ],
)
def test_an_array_that_is_malformed_is_one_line(values):
    bad = {**numbers([1.0]), "values": values}
    with pytest.raises(UsageError, match="array"):
        compare(made(with_numbers(numbers([1.0]))), made(with_numbers(bad)))
