import numpy as np
import pytest
from sweep import drawn

from bncheck.cases import strategies
from bncheck.cases.case import Backward, Fit, Forward, SetState
from bncheck.cases.network import Activation, BatchNorm, Dense, Dropout, Linear
from bncheck.cases.strategies import (
    CHANNELS,
    EPSILONS,
    MOMENTA,
    POOL,
    ROWS,
    costing,
    layer_cases,
    linear_training_cases,
    network_cases,
    seed_cases,
    training_cases,
    width_after,
)
from bncheck.truth import reference
from bncheck.truth.reference_subject import reference_subject

EVERY = [layer_cases, network_cases, linear_training_cases, training_cases, seed_cases]
every_strategy = pytest.mark.parametrize("cases", EVERY, ids=lambda cases: cases.__name__)


@every_strategy
def test_a_seed_draws_the_same_cases_again(cases):
    assert [case.digest for case in drawn(cases, 5)] == [case.digest for case in drawn(cases, 5)]


@every_strategy
def test_another_seed_draws_other_cases(cases):
    one, other = ({case.digest for case in drawn(cases, seed)} for seed in (0, 1))
    assert len(one & other) < 30


@every_strategy
def test_all_cases_are_drawn_and_none_is_filtered_out(cases):
    assert len(drawn(cases, count=60)) == 60


@every_strategy
def test_every_case_is_valid(cases):
    """The reference can run it to its end, exactly and in the dtype."""
    for case in drawn(cases, count=40):
        reference.run(case)
        reference_subject().run(case).finish()
        assert all(len(step.state) == len(case.network) for step in case.steps if isinstance(step, SetState))
        arrays = [getattr(step, name) for step in case.steps for name in ("x", "dy", "y") if hasattr(step, name)]
        assert {array.dtype.name for array in arrays} <= {case.dtype}
        assert all(array.flags.c_contiguous for array in arrays)


@pytest.mark.parametrize("seed", range(4))
def test_every_run_has_all_ranks_positions_and_dtypes(seed):
    found = {(len(shape), layer.axis, dtype) for layer, shape, dtype in strategies._pool(seed)}
    assert {(rank, axis) for rank, axis, _ in found} == {(rank, axis) for rank in (2, 3, 4, 5) for axis in (-1, 1)}
    assert {(rank, dtype) for rank, _, dtype in found} == {
        (rank, dtype) for rank in (2, 3, 4, 5) for dtype in ("float32", "float64")
    }


@pytest.mark.parametrize("seed", range(4))
def test_most_of_a_pool_is_drawn_with_every_rank_position_and_dtype(seed):
    configurations = {(case.layer, case.shape, case.dtype) for case in drawn(layer_cases, seed, 100)}
    assert configurations <= set(strategies._pool(seed))
    assert len(configurations) > 0.6 * POOL
    assert {len(shape) for _, shape, _ in configurations} == {2, 3, 4, 5}
    assert {(layer.axis, dtype) for layer, _, dtype in configurations} == {
        (axis, dtype) for axis in (-1, 1) for dtype in ("float32", "float64")
    }


@pytest.mark.parametrize("seed", range(5))
def test_batches_of_more_than_128_rows_are_drawn_at_every_seed(seed):
    assert any(case.shape[0] > 128 for case in drawn(layer_cases, seed, 100))


@pytest.mark.parametrize("seed", range(4))
def test_a_pool_has_every_momentum_and_epsilon_and_layers_without_weights(seed):
    pool = strategies._pool(seed)
    assert len(pool) == POOL
    assert {layer.momentum for layer, *_ in pool} == set(MOMENTA)
    assert {layer.eps for layer, *_ in pool} == set(EPSILONS)
    assert {layer.scale for layer, *_ in pool} == {True, False}
    assert all(min(shape) >= 1 and shape[0] >= 2 for _, shape, _ in pool)


def test_shapes_straddle_the_sizes_at_which_kernels_change_path():
    shapes = [shape for seed in range(20) for _, shape, _ in strategies._pool(seed)]
    assert {shape[0] for shape in shapes} >= {7, 8, 9, 31, 32, 33, 63, 64, 65} & set(ROWS)
    layers = [(layer, shape) for seed in range(20) for layer, shape, _ in strategies._pool(seed)]
    assert {shape[layer.axis] for layer, shape in layers} >= {1, 7, 8, 9, 31, 32, 33, 63, 64, 65} & set(CHANNELS)


def test_every_distribution_offset_and_scale_is_drawn(monkeypatch):
    seen = []
    original = strategies._layer_case

    def spy(**parameters):
        seen.append(parameters)
        return original(**parameters)

    monkeypatch.setattr(strategies, "_layer_case", spy)
    drawn(lambda seed: layer_cases.__wrapped__(seed), 0, 200)
    for name, values in (("distribution", 10), ("offset", len(strategies.OFFSETS)), ("scale", len(strategies.SCALES))):
        assert len({parameters[name] for parameters in seen}) == values


def test_a_layer_case_infers_and_trains_with_gradients_and_a_cotangent_that_is_not_uniform():
    for case in drawn(layer_cases, count=30):
        assert len(case.where(Backward, training=False)) == len(case.where(Backward, training=True)) == 1
        assert len(case.where(Forward, training=True)) in (1, 2, 3)
        assert np.ptp(case.steps[1].dy) > 0
        state = case.steps[0].state[0]
        assert (state["moving_variance"] >= 0).all()
        assert {"gamma", "beta"} <= set(state) or not (case.layer.scale or case.layer.center)


def test_networks_have_one_linear_activation_at_least_and_every_other_layer_somewhere():
    networks = [case.network for case in drawn(network_cases)]
    assert all(any(isinstance(layer, Linear) for layer in network) for network in networks)
    assert {type(layer) for network in networks for layer in network} == {Linear, Dense, BatchNorm, Activation, Dropout}
    assert max(map(len, networks)) <= 4


def test_nothing_random_happens_in_a_case():
    dropouts = [layer for case in drawn(network_cases) for layer in case.network if isinstance(layer, Dropout)]
    assert {layer.rate for layer in dropouts} == {0.0}


@pytest.mark.parametrize("cases", [linear_training_cases, training_cases])
def test_training_cases_train_from_given_weights(cases):
    for case in drawn(cases, count=20):
        fit = case.steps[1]
        assert isinstance(case.steps[0], SetState)
        assert isinstance(fit, Fit)
        assert fit.y.shape == (len(fit.x), width_after(case.network, fit.x.shape[1]))


def test_optimisers_and_epochs_vary():
    fits = [case.steps[1] for case in drawn(linear_training_cases)]
    assert {fit.optimizer["name"] for fit in fits} == {"sgd", "adam"}
    assert {fit.epochs for fit in fits} == {1, 2}


def test_a_seed_case_asks_for_initial_weights():
    for case in drawn(seed_cases, count=20):
        assert not case.where(SetState)
        assert 0 <= case.seed < 2**31
        assert case.shape[0] == 2


@pytest.mark.parametrize("cases", [cases for cases in EVERY if cases is not layer_cases], ids=lambda c: c.__name__)
def test_what_a_strategy_costs_is_its_share_of_the_examples(cases):
    assert 0 < cases.share < 1


def test_costing_marks_a_strategy_and_leaves_it_as_it_is():
    def cases(seed):
        return seed

    assert costing(0.25)(cases) is cases
    assert cases.share == 0.25
    assert not hasattr(layer_cases, "share"), "the first of all has all examples"
