"""Pairs of float64 agree with 60 digits to twice the precision of float64."""

import mpmath
import numpy as np
import pytest

from bncheck.truth.pairs import Pair, concatenate, pair

CLOSE = 2.0**-95
LEAST = 1e-300


@pytest.fixture(autouse=True)
def sixty_digits():
    with mpmath.workdps(60):
        yield


def numbers(seed, shape=(6, 5), spread=40):
    """Numbers of many sizes and signs that no float64 holds."""
    rng = np.random.default_rng(seed)
    return pair(rng.normal(size=shape) * 10.0 ** rng.integers(-spread, spread, shape)) / pair(rng.normal(size=shape))


def exact(found):
    """The numbers as mpmath has them."""
    return _exact(found.high) + _exact(found.low)


_exact = np.frompyfunc(lambda value: mpmath.mpf(float(value)), 1, 1)


def each(function, *arrays):
    """A function of mpmath of each number."""
    return np.frompyfunc(function, len(arrays), 1)(*arrays)


def largest_error(found, wanted, size=None):
    """The largest error, as a share of what the numbers are, or of ``size``."""
    whole = abs(wanted) if size is None else size
    return np.max(abs(exact(found) - wanted) / np.maximum(whole, LEAST))


OPERATIONS = {
    "add": (lambda a, b: a + b, lambda a, b: a + b, 40),
    "subtract": (lambda a, b: a - b, lambda a, b: a - b, 40),
    "multiply": (lambda a, b: a * b, lambda a, b: a * b, 40),
    "divide": (lambda a, b: a / b, lambda a, b: a / b, 40),
    "square": (lambda a, b: np.square(a), lambda a, b: a * a, 40),
    "root": (lambda a, b: np.sqrt(np.abs(a)), lambda a, b: mpmath.sqrt(abs(a)), 40),
    "exponential": (lambda a, b: np.exp(a), lambda a, b: mpmath.exp(a), 2),
    "larger": (np.maximum, lambda a, b: max(a, b), 40),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_right_to_ninety_five_bits(name):
    ours, theirs, spread = OPERATIONS[name]
    a, b = numbers(1, spread=spread), numbers(2, spread=spread)
    wanted = each(theirs, exact(a), exact(b))
    size = abs(exact(a)) + abs(exact(b)) if name in ("add", "subtract") else None
    assert largest_error(ours(a, b), wanted, size) < CLOSE


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (-1,)])
def test_a_sum_and_a_mean_are_right_beside_the_sum_of_the_magnitudes(axes):
    a = numbers(3, (7, 4))
    wanted = exact(a).sum(axis=axes, keepdims=True)
    size = abs(exact(a)).sum(axis=axes, keepdims=True)
    assert largest_error(a.sum(axes, keepdims=True), wanted, size) < CLOSE
    count = a.size // wanted.size
    assert largest_error(a.mean(axes, keepdims=True), wanted / count, size) < CLOSE
    assert a.sum(axes).shape == np.zeros((7, 4)).sum(axis=axes).shape


def test_a_matrix_product_is_the_sum_of_products():
    a, b = numbers(4, (3, 4)), numbers(5, (4, 2))
    wanted, size = exact(a) @ exact(b), abs(exact(a)) @ abs(exact(b))
    assert largest_error(a @ b, wanted, size) < CLOSE


def test_what_cancels_in_float64_is_kept():
    assert float(((pair([1.0]) + 1e-25) - 1.0)[0]) == pytest.approx(1e-25, rel=1e-5)


def test_plain_numbers_stand_on_either_side():
    assert float(2 * pair(3.0) - 1) == 5
    assert (np.array([1.0, 2.0]) < pair([2.0, 1.0])).tolist() == [True, False]


def test_a_root_of_zero_is_zero_and_far_below_zero_the_exponential_is():
    with np.errstate(all="ignore"):
        assert float(np.sqrt(pair(0.0))) == 0
    assert np.exp(pair([-1e6, 0.0])).high.tolist() == [0, 1]


def test_what_overflows_is_no_number():
    with np.errstate(all="ignore"):
        assert np.isnan((pair(1e300) * pair(1e300)).high)


def test_pairs_are_cut_turned_and_joined_as_arrays_are():
    a = numbers(6)
    joined = concatenate([a[:2], a[2:]])
    assert isinstance(joined, Pair)
    assert np.array_equal(joined.T.reshape(30).low, a.low.T.reshape(30))


def test_an_operation_that_is_not_there_raises():
    with pytest.raises(TypeError):
        np.log(pair(1.0))
