"""What the sums of a gradient are allowed is less than what its values are, and enough for every sound algorithm."""

import numpy as np
import pytest

from bncheck.cases.case import Backward
from bncheck.cases.distributions import normal, ramp
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import plain_case
from bncheck.cases.variants import as_rows
from bncheck.truth import reference
from bncheck.truth.bounds import balls
from bncheck.truth.gradient_sums import GradientSums
from soundness.algorithms import ALGORITHMS


def asked(rows, offset=0.0, distribution=normal, dtype="float32", scale=1.0):
    case = plain_case(BatchNorm(eps=1e-5), (rows, 3), dtype, distribution, offset, scale)
    (at,) = case.where(Backward, training=True)
    with np.errstate(all="ignore"):
        return case, at, GradientSums(case, at, balls(dtype))


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("rows", [33, 257])
def test_a_sum_is_allowed_less_than_its_values_together(rows, offset):
    case, at, sums = asked(rows, offset)
    error = reference.run(case)[at]["dx"].error
    assert (sums.error() < error.sum(axis=0)).all()
    assert (sums.error_along() < (error * sums.gap.magnitude).sum(axis=0)).all()


@pytest.mark.parametrize("offset", [0.0, 1e4, -1e6])
@pytest.mark.parametrize("distribution", [normal, ramp])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_sound_algorithm_stays_within_what_its_sums_are_allowed(name, distribution, offset):
    for rows in (2, 5, 257):
        case, at, sums = asked(rows, offset, distribution)
        dx = as_rows(ALGORITHMS[name].run(case)[at]["dx"], -1).astype(float)
        assert (np.abs(dx.sum(axis=0)) <= sums.error()).all()


def test_where_the_dtype_may_overflow_any_sum_is_allowed():
    _, _, sums = asked(4, scale=1e30)
    with np.errstate(all="ignore"):
        assert np.isinf(sums.error()).all()
        assert np.isinf(sums.error_along()).all()
