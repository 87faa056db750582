import numpy as np
import pytest

from bncheck.cases.case import Backward, Forward, SetState, State
from bncheck.cases.network import Activation, BatchNorm, Dense, Dropout, Linear
from bncheck.cases.strategies import network_case
from bncheck.cases.variants import (
    agreement_example,
    first_training,
    flat,
    grid_shift,
    identity_variant,
    inference_variant,
    layer_example,
    network_example,
    on_grid,
    training_example,
    training_variant,
    weighted,
    without,
    without_linear,
)

CASE = layer_example([[0.0, 1.0], [8.0, 2.0]], [[1.0, 1.0], [2.0, 2.0]], layer=BatchNorm())


def kinds(case):
    return [type(step).__name__ for step in case.steps]


def test_an_example_is_the_program_that_drawn_cases_have():
    assert kinds(CASE) == ["SetState", "Backward", "State", "Backward", "State", "Forward", "State"]
    assert CASE.dtype == "float32"
    assert np.ptp(CASE.steps[1].dy) > 0, "a uniform cotangent cancels in batch norm"
    assert CASE.steps[0].state[0]["moving_mean"].tolist() == [1, 1]


def test_an_example_without_gamma_and_beta_has_no_state_for_them():
    case = layer_example([[0.0]], layer=BatchNorm(scale=False, center=False), state={"moving_mean": 3.0})
    assert {name: value.tolist() for name, value in case.steps[0].state[0].items()} == {
        "moving_mean": [3],
        "moving_variance": [4],
    }


@pytest.mark.parametrize(("axis", "channels"), [(-1, 3), (1, 2)])
def test_an_examples_state_has_an_entry_for_each_channel(axis, channels):
    case = layer_example(np.zeros((4, 2, 3)), layer=BatchNorm(axis=axis))
    assert case.steps[0].state[0]["gamma"].shape == (channels,)


def test_the_first_training_step_is_found():
    assert first_training(CASE) == 3


@pytest.mark.parametrize(("variant", "training"), [(training_variant, True), (inference_variant, False)])
def test_a_variant_is_one_step_between_the_states(variant, training):
    found = variant(CASE, CASE.first_x)
    assert kinds(found) == ["SetState", "Forward", "State"]
    assert found.steps[1].training is training
    assert found.steps[0].state is CASE.steps[0].state
    state = {"gamma": CASE.first_x[0]}
    other = variant(CASE, CASE.first_x, state, BatchNorm(eps=0.5))
    assert other.network == (BatchNorm(eps=0.5),)
    assert other.steps[0].state == [state]


def test_linear_activations_are_taken_out_with_their_state():
    case = network_case((Linear(), Dense(2), Linear(), Activation("relu")), 4, 3, 1.0, "float32", 1)
    plain = without_linear(case)
    assert plain.network == (Dense(2), Activation("relu"))
    assert plain.steps[0].state == [case.steps[0].state[1], {}]
    assert plain.steps[1:] == case.steps[1:]
    assert weighted(case, ["a", "b", "c", "d"]) == ["b", "d"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-38, 1e-3, 1.0, 7e10, 1e30])
def test_shifts_on_the_grid_are_exact(dtype, scale):
    x = on_grid((np.random.default_rng(0).normal(size=(20, 3)) * scale).astype(dtype))
    shift = grid_shift(x)
    assert x.dtype == dtype
    assert ((x + shift) - shift == x).all()
    assert shift >= 8 * np.abs(x).max()


def test_the_grid_leaves_zeros_and_what_is_not_finite():
    assert (on_grid(np.zeros((2, 1))) == 0).all()
    assert np.isinf(on_grid(np.array([[np.inf], [1.0]]))).any()
    assert grid_shift(np.zeros((2, 1))) == 1


@pytest.mark.parametrize("training", [True, False])
def test_gamma_and_beta_that_undo_the_normalisation(training):
    case = identity_variant(layer_example([[0.0], [8.0]], layer=BatchNorm(scale=False)), training)
    state = case.steps[0].state[0]
    mean, variance = (4.0, 16.0) if training else (1.0, 4.0)
    assert case.layer.scale
    assert case.steps[1].training is training
    assert state["beta"] == [np.float32(mean)]
    assert state["gamma"] == [np.float32(np.sqrt(variance + 1e-3))]


def test_examples_of_networks_have_the_steps_that_their_laws_ask_for():
    assert kinds(network_example(Linear())) == ["SetState", "Forward", "Backward", "State"]
    assert kinds(training_example()) == kinds(agreement_example()) == ["SetState", "Fit", "State"]
    assert isinstance(network_example(Dense(1)).steps[0], SetState)
    assert [network_example(Dense(1)).steps[i].training for i in (1, 2)] == [False, True]
    assert all(step in (SetState, Forward, Backward, State) for step in map(type, network_example(Linear()).steps))


def test_a_network_without_its_layers_of_a_kind_has_no_state_for_them():
    case = network_case((Dense(2), Dropout(0.0), BatchNorm()), 3, 2, 1.0, "float32", 1)
    plain = without(case, Dropout)
    assert [type(layer) for layer in plain.network] == [Dense, BatchNorm]
    assert plain.steps[0].state == [case.steps[0].state[0], case.steps[0].state[2]]
    assert weighted(case, "abc", Dropout) == ["a", "c"]


@pytest.mark.parametrize(("shape", "axis"), [((3, 2, 4), -1), ((3, 4, 2), 1), ((3, 4), 1)])
def test_positions_stand_as_rows_with_the_channels_last(shape, axis):
    x = np.arange(np.prod(shape), dtype=float).reshape(shape)
    case = layer_example(x, layer=BatchNorm(axis=axis))
    rows = flat(case)
    assert rows.layer.axis == -1
    assert rows.first_x.shape == (np.prod(shape) // 4, 4)
    assert rows.first_x[:, 1].tolist() == np.take(case.first_x, 1, axis=axis).ravel().tolist()
    assert rows.steps[1].dy[:, 2].tolist() == np.take(case.steps[1].dy, 2, axis=axis).ravel().tolist()
    assert kinds(rows) == ["SetState", "Backward", "State", "Backward", "State"]
