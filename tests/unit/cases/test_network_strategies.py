from inspect import getmembers, isfunction

import numpy as np
import pytest
from test_strategies import drawn

from bncheck.cases import network_strategies
from bncheck.cases.case import Backward, Forward, SaveLoad, SetState, State
from bncheck.cases.network import BatchNorm, Dense, Detached, Dropout
from bncheck.cases.network_strategies import (
    LONG,
    SETTINGS,
    constant_channel_cases,
    dense_norm_cases,
    detached_cases,
    float64_cases,
    fresh_cases,
    has_exact_means,
    long_cases,
    one_image_cases,
    saved_cases,
    shape_of,
    small_variance_cases,
    special_state_cases,
    well_scaled_cases,
    zero_dropout_cases,
    zero_dropout_seed_cases,
)
from bncheck.cases.variants import layer_example
from bncheck.truth import reference
from bncheck.truth.reference_subject import reference_subject

EVERY = [
    detached_cases,
    zero_dropout_cases,
    zero_dropout_seed_cases,
    dense_norm_cases,
    fresh_cases,
    saved_cases,
    special_state_cases,
    one_image_cases,
    well_scaled_cases,
    float64_cases,
    small_variance_cases,
    constant_channel_cases,
    long_cases,
]
every_strategy = pytest.mark.parametrize("cases", EVERY, ids=lambda cases: cases.__name__)


def settings(cases, count=100):
    return {(len(case.shape), case.layer.axis) for case in drawn(cases, count=count)}


def test_every_strategy_is_tested():
    found = {name for name, _ in getmembers(network_strategies, callable) if name.endswith("_cases")}
    assert found == {cases.__name__ for cases in EVERY}
    assert not [name for name, _ in getmembers(network_strategies, isfunction) if name.startswith("test")]


@every_strategy
def test_a_seed_draws_the_same_cases_again_and_another_draws_others(cases):
    one, again, other = ({case.digest for case in drawn(cases, seed, 10)} for seed in (5, 5, 6))
    assert one == again
    assert one != other


@every_strategy
def test_every_case_is_valid(cases):
    for case in drawn(cases, count=4 if cases is long_cases else 30):
        reference.run(case)
        reference_subject().run(case).finish()
        arrays = [getattr(step, name) for step in case.steps for name in ("x", "dy", "y") if hasattr(step, name)]
        assert {array.dtype.name for array in arrays} <= {case.dtype}
        assert all(array.flags.c_contiguous for array in arrays)


@every_strategy
def test_what_a_strategy_costs_is_its_share_of_the_examples(cases):
    assert 0 < cases.share < 1


def test_the_sides_of_a_shape_are_alike():
    assert [shape_of(rank, axis, 7, 3) for rank, axis in SETTINGS[:4]] == [(7, 3), (7, 3), (7, 2, 3), (7, 3, 2)]
    assert shape_of(5, 1, 7, 3, 4) == (7, 3, 4, 4, 4)


@pytest.mark.parametrize("cases", [well_scaled_cases, float64_cases, small_variance_cases, constant_channel_cases])
def test_every_rank_and_position_is_drawn(cases):
    assert settings(cases) == set(SETTINGS)


def test_a_batch_of_one_row_has_several_positions():
    assert settings(one_image_cases) == {setting for setting in SETTINGS if setting[0] > 2}
    for case in drawn(one_image_cases, count=20):
        assert case.shape[0] == 1
        assert np.prod(case.shape) > case.shape[case.layer.axis]


def test_what_is_detached_draws_no_weights_and_is_not_the_last():
    for case in drawn(detached_cases, count=40):
        detached = [layer for layer in case.network if isinstance(layer, Detached)]
        assert detached
        assert not any(isinstance(layer.of, Dense) for layer in detached)
        assert isinstance(case.network[-1], Dense)
        assert not case.where(SetState), "the initial weights are those of the framework"


@pytest.mark.parametrize("cases", [zero_dropout_cases, zero_dropout_seed_cases])
def test_dropout_has_rate_zero_and_weights_behind_it(cases):
    for case in drawn(cases, count=40):
        dropouts = [layer for layer in case.network if isinstance(layer, Dropout)]
        assert {layer.rate for layer in dropouts} == {0.0}
        assert isinstance(case.network[-1], Dense)


def test_a_bias_stands_before_batch_norm():
    for case in drawn(dense_norm_cases, count=20):
        assert [type(layer) for layer in case.network] == [Dense, BatchNorm]
        assert case.network[0].bias


def test_a_fresh_case_is_built_anew_and_sets_nothing():
    for case in drawn(fresh_cases, count=20):
        assert case.fresh
        assert not case.where(SetState)


def test_a_saved_case_reports_the_state_before_and_after():
    for case in drawn(saved_cases, count=10):
        before, after = case.where(State)
        assert case.where(SaveLoad) == [before + 1]
        assert after == before + 2


def test_special_states_have_zeros_of_both_signs_and_numbers_that_are_none():
    values = [v for case in drawn(special_state_cases) for v in case.steps[0].state[0]["moving_mean"].tolist()]
    assert {str(v) for v in values} >= {"0.0", "-0.0", "inf", "-inf", "nan"}
    assert any(0 < abs(v) < np.finfo("float32").tiny for v in values)


def test_variances_are_small_beside_epsilon():
    for case in drawn(small_variance_cases, count=30):
        assert case.first_x.var() < case.layer.eps / 100
        assert (case.steps[0].state[0]["moving_variance"] < case.layer.eps / 100).all()


def test_constant_channels_have_exact_means_and_a_beta_of_zero():
    for case in drawn(constant_channel_cases, count=60):
        assert has_exact_means(case)
        assert (case.steps[0].state[0]["beta"] == 0).all()
        x = np.moveaxis(case.first_x, case.layer.axis, -1).reshape(-1, 3)
        running = np.add.accumulate(x, dtype=x.dtype)
        assert (running[-1] / x.dtype.type(len(x)) == x[0]).all()


@pytest.mark.parametrize(
    ("rows", "exact"),
    [
        ([1e7 + 1] * 2, True),
        ([1e7 + 1] * 4, False),
        ([1e6 + 1] * 4, True),
        ([0.1] * 4, False),
        ([1.0] * 3, False),
        ([1.0, 2.0], False),
    ],
)
def test_whether_a_mean_is_exact(rows, exact):
    assert has_exact_means(layer_example([[row] for row in rows], layer=BatchNorm())) is exact


def test_a_long_batch_has_other_rows_behind_those_that_16_bits_count():
    for case in drawn(long_cases, count=6):
        x = case.first_x
        assert len(x) > LONG
        assert (x[LONG:].min(axis=0) > x[:LONG].max(axis=0)).all()


def test_every_sum_of_a_long_batch_and_of_its_squared_deviations_is_exact():
    for case in drawn(long_cases, count=6):
        x = case.first_x.astype(float)
        gaps = x - x.mean(axis=0)
        assert (x == np.round(x)).all()
        assert (gaps == np.round(gaps)).all()
        assert max(np.abs(x).sum(axis=0).max(), np.square(x).sum(axis=0).max()) < 2**24
        assert len(case.where(Forward)) == 1
        assert not case.where(Backward)
