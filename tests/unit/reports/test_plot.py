import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import arrays

from bncheck.reports.plot import HEIGHT, LEFT, SHARES_HEIGHT, SHARES_TOP, TOP, WIDTH, plot, shares

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


def drawn(actual, expected, allowed):
    return plot(arrays(*(np.array(each, np.float64) for each in (actual, expected, allowed))))


def test_an_error_is_above_the_line_where_it_is_larger_than_allowed():
    found = drawn([1.0, 2.05, 9.0], [1.0, 2.0, 3.0], [0.1, 0.1, 0.1])
    assert [point.share_y < found.allowed_y for point in found.points] == [False, False, True]
    assert [round(point.share, 9) for point in found.points] == [0.0, 0.5, 60.0]
    assert [point.worst for point in found.points] == [False, False, True]


def test_larger_values_are_higher():
    found = drawn([1.0, 3.0], [2.0, 0.0], [0.5, 0.5])
    one, other = found.points
    assert other.y < one.expected_y < one.y < other.expected_y
    assert one.high_y < one.expected_y < one.low_y
    assert found.values == [("0", other.expected_y), ("3", other.y)]


def test_values_that_look_alike_are_told_apart_by_their_difference():
    assert [text for text, _ in drawn([0.4 + 6e-9], [0.4], [0]).values] == ["0.4", "+6e-09"]
    assert [text for text, _ in drawn([0.4], [0.4], [0]).values] == ["0.4"]


def test_no_error_is_allowed_where_bits_are_compared():
    nan = math.nan
    assert list(shares(*map(np.array, ([1.0, 2.0, nan, nan], [1.0, 2.5, nan, nan], [0.0, 0.0, 0.0, 1.0])))) == [
        *(0.0, math.inf, 0.0, math.inf)
    ]
    assert list(shares(*map(np.array, ([1.0, nan], [2.0, 2.0], [math.inf, 1.0])))) == [0.0, math.inf]


def test_what_is_no_number_is_written():
    found = drawn([math.nan, math.inf, 1.0], [1.0, 2.0, math.nan], [0.1, 0.1, 0.1])
    assert [point.off for point in found.points] == [True, True, False]
    assert [point.expected_y is None for point in found.points] == [False, False, True]


def test_labels_stand_where_there_is_room():
    assert all(point.label for point in drawn([0.0] * 10, [0.0] * 10, [1.0] * 10).points)
    assert sum(point.label for point in drawn([0.0] * 200, [0.0] * 200, [1.0] * 200).points) == 1
    assert plot(arrays(np.ones((2, 2)), np.zeros((2, 2)), np.ones((2, 2)))).points[2].at == "[1, 0]"


@given(st.lists(st.tuples(ANY, ANY, ANY), min_size=1, max_size=9))
def test_everything_is_drawn_within_the_picture(rows):
    found = drawn(*zip(*rows, strict=True))
    for point in found.points:
        assert LEFT < point.x < WIDTH
        ys = [point.y, point.expected_y, point.low_y, point.high_y]
        assert all(TOP - 10 < y < TOP + HEIGHT + 10 for y in ys if y is not None)
        assert SHARES_TOP <= point.share_y <= SHARES_TOP + SHARES_HEIGHT
    for text, y in [*found.values, *found.shares]:
        assert math.isfinite(y), text


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        arrays(np.zeros(0), np.zeros(0), np.zeros(0)),
        arrays(np.zeros(2), np.zeros(3), np.zeros(2)),
        {"actual": 1, "expected": 2, "allowed": 3},
        {name: {"dtype": "float64", "shape": [2], "data": [1, "x"]} for name in ("actual", "expected", "allowed")},
        {name: {"dtype": "float64", "shape": [9], "data": [1]} for name in ("actual", "expected", "allowed")},
    ],
)
def test_what_cannot_be_plotted_is_not(given):
    assert plot(given) is None
