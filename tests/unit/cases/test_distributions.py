import numpy as np
import pytest

from bncheck.cases import distributions
from bncheck.cases.distributions import DISTRIBUTIONS

SHAPES = [(2, 1), (5, 3), (4, 2, 3), (2, 1, 1, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: d.__name__)
def test_values_have_the_shape_are_finite_and_follow_the_seed(distribution, shape):
    one, same, other = (distribution(np.random.default_rng(seed), shape) for seed in (1, 1, 2))
    assert one.shape == shape
    assert one.dtype == np.float64
    assert np.isfinite(one).all()
    assert (one == same).all()
    assert distribution is distributions.ramp or (one != other).any()


def test_every_distribution_of_the_module_is_listed_and_says_what_it_is():
    functions = [f for f in vars(distributions).values() if getattr(f, "__module__", "") == distributions.__name__]
    assert set(functions) == set(DISTRIBUTIONS)
    assert all(function.__doc__ for function in functions)


def drawn(distribution, shape=(4000, 2)):
    return distribution(np.random.default_rng(0), shape)


def test_the_generalised_gamma_lies_just_below_one():
    values = drawn(distributions.generalised_gamma)
    assert 0.9 < np.median(values) < 1
    # The moments of Stacy's density with a = 1 and c = 70 are Gamma(1 + k / 70).
    from math import gamma

    assert values.mean() == pytest.approx(gamma(1 + 1 / 70), rel=1e-3)
    assert (values**2).mean() == pytest.approx(gamma(1 + 2 / 70), rel=1e-3)


def test_a_heavy_tail_reaches_far_beyond_a_normal_one():
    assert np.abs(drawn(distributions.heavy_tail)).max() > 30 * np.abs(drawn(distributions.normal)).max() / 4


def test_a_spike_is_one_value_among_zeros():
    values = drawn(distributions.spike)
    assert sorted(values.ravel())[-2:] == [0, 1000]


def test_a_constant_has_no_variance_and_a_ramp_rises_evenly():
    assert np.ptp(drawn(distributions.constant)) == 0
    assert (np.diff(drawn(distributions.ramp).ravel()) == 1).all()


def test_one_channel_is_poisoned():
    deviations = drawn(distributions.poisoned_channel).std(axis=0)
    assert deviations[0] / deviations[1] == pytest.approx(1e7, rel=0.1)


def test_integers_are_small_and_skewed_values_span_many_orders():
    assert set(np.unique(drawn(distributions.integers))) == set(range(-4, 5))
    values = drawn(distributions.skewed)
    assert values.max() / values.min() > 1e6


def test_uniform_values_fill_their_interval():
    values = drawn(distributions.uniform)
    assert -1 <= values.min() < -0.99 < 0.99 < values.max() < 1
