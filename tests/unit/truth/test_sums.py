from itertools import combinations

import numpy as np
import pytest

from bncheck.truth.sums import alike, largest, last_digit, rows


def test_the_terms_of_each_sum_are_a_row():
    terms = np.arange(12.0).reshape(2, 3, 2)[:, ::-1]
    assert rows(terms, (0, 1)).tolist() == [[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]
    assert rows(terms[:0], (0, 1)).shape == (2, 0)


@pytest.mark.parametrize("seed", range(5))
def test_no_sum_of_k_terms_is_larger_than_the_largest(seed):
    terms = np.random.default_rng(seed).integers(-99, 100, 6).astype(float)
    every = [abs(sum(some)) for k in range(2, 7) for some in combinations(terms, k)]
    sizes = [k for k in range(2, 7) for _ in combinations(terms, k)]
    found = dict(zip(range(2, 7), largest(rows(terms[None], (1,)))[0], strict=True))
    assert all(size <= found[k] for size, k in zip(every, sizes, strict=True))
    assert found[6] == pytest.approx(max(terms[terms > 0].sum(), -terms[terms < 0].sum()))


def run_of(sizes, rounding=1e-9, digit=1.0):
    return alike(np.array([sizes]), np.array([[rounding]]), np.array([[digit]])).item()


def test_terms_that_are_equal_to_the_precision_of_the_sum_round_alike():
    assert run_of([1.01, 2.3, 1.012, 3.7], rounding=0.1) == 2
    assert run_of([1.01, 2.3, 1.012, 3.7]) == 1


def test_terms_of_one_remainder_round_alike_and_whole_ones_round_nothing():
    assert run_of([1.25, 2.25, 7.25, 3.5]) == 3
    assert run_of([1.0, 2.0, 3.0]) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_last_digit_of_a_number_is_its_spacing(dtype):
    values = np.array([1.0, 1.5, 1000.0, 3e-5])
    found = last_digit(values, float(np.finfo(dtype).eps) / 2)
    assert found.tolist() == np.spacing(values.astype(dtype)).astype(float).tolist()
