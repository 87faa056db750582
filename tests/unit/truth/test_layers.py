"""Each defect does what its name says, on numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from bncheck.cases.case import Backward, Case, Fit, Forward, Freeze, SaveLoad, SetState, State
from bncheck.cases.network import Activation, BatchNorm, Dense, Dropout, Linear
from bncheck.truth import reference
from bncheck.truth.edges import Refused
from bncheck.truth.traits import ILLEGAL, LEGAL, Traits, defects

X = np.array([[0.0], [8.0], [1.0]])
DY = np.array([[1.0], [-2.0], [0.5]])
STATE = {"gamma": 2.0, "beta": 0.5, "moving_mean": 1.0, "moving_variance": 4.0}
ROOT = np.sqrt


def run(step, traits=Traits(), layer=BatchNorm(), x=X, dtype="float64", **changed):  # noqa: B008 (frozen)
    """What one step on our own layer returns, and the state after it."""
    values = {name: np.full(x.shape[-1], value, dtype) for name, value in {**STATE, **changed}.items()}
    given = {"Forward": (), "Backward": (DY.astype(dtype),)}
    kind, training = step
    asked = {"Forward": Forward, "Backward": Backward}[kind](x.astype(dtype), *given[kind], training)
    found = reference.run_in_dtype(Case((layer,), (SetState([values]), asked, State())), traits)
    return found[1], {name: value.tolist() for name, value in found[2]["state"][0].items()}


TRAIN, INFER, TRAIN_BACK, INFER_BACK = ("Forward", True), ("Forward", False), ("Backward", True), ("Backward", False)
MEAN, VARIANCE = 3.0, np.var(X)


def normalised(x, mean, deviation):
    return 2 * (x - mean) / deviation + 0.5


def test_the_default_is_the_papers_batch_norm():
    answer, state = run(TRAIN)
    assert answer["y"] == pytest.approx(normalised(X, MEAN, ROOT(VARIANCE + 1e-3)))
    assert state["moving_mean"] == pytest.approx([0.9 * 1 + 0.1 * MEAN])
    assert state["moving_variance"] == pytest.approx([0.9 * 4 + 0.1 * VARIANCE])
    answer, state = run(INFER)
    assert answer["y"] == pytest.approx(normalised(X, 1, ROOT(4.001)))
    assert (state["moving_mean"], state["moving_variance"]) == ([1], [4])


@pytest.mark.parametrize(
    ("value", "estimate"),
    [("biased", VARIANCE), ("unbiased", VARIANCE * 3 / 2), ("over_n_plus_one", VARIANCE * 3 / 4)],
)
def test_the_moving_variance_is_over_n_n_minus_one_or_n_plus_one(value, estimate):
    _, state = run(TRAIN, Traits(running_variance=value))
    assert state["moving_variance"] == pytest.approx([0.9 * 4 + 0.1 * estimate])


def test_an_unbiased_variance_of_one_value_is_the_biased_one():
    _, state = run(TRAIN, Traits(running_variance="unbiased"), x=X[:1])
    assert state["moving_variance"] == pytest.approx([0.9 * 4])


def test_one_pass_cancels_at_an_offset_and_two_do_not():
    x = np.array([[10000.0], [10001.0], [9999.0], [10000.5]])
    right, wrong = (run(TRAIN, Traits(variance=v), x=x, dtype="float32")[0]["y"] for v in ("two_pass", "one_pass"))
    assert right == pytest.approx(normalised(x, x.mean(), ROOT(x.var() + 1e-3)), rel=1e-3)
    assert not np.allclose(wrong, right, rtol=0.1)


def test_an_uncentred_variance_is_the_mean_square():
    answer, _ = run(TRAIN, Traits(variance="uncentred"))
    assert answer["y"] == pytest.approx(normalised(X, MEAN, ROOT(np.mean(X**2) + 1e-3)))


@pytest.mark.parametrize(
    ("value", "eps", "deviation"),
    [
        ("outside", 1e-2, ROOT(VARIANCE) + 1e-2),
        ("absent", 1e-2, ROOT(VARIANCE)),
        ("floor", 1e-6, ROOT(VARIANCE + 1.001e-5)),
        ("floor", 1e-2, ROOT(VARIANCE + 1e-2)),
    ],
)
def test_epsilon_is_elsewhere(value, eps, deviation):
    answer, _ = run(TRAIN, Traits(epsilon=value), BatchNorm(eps=eps))
    assert answer["y"] == pytest.approx(normalised(X, MEAN, deviation), rel=1e-12)


def test_a_swapped_moving_average_keeps_the_share_of_the_new_statistic():
    _, state = run(TRAIN, Traits(moving_average="swapped"))
    assert state["moving_mean"] == pytest.approx([0.1 * 1 + 0.9 * MEAN])


@pytest.mark.parametrize(
    ("value", "first", "second"),
    [
        ("plain", 0.9 * 1 + 0.1 * 3, 0.81 * 1 + 0.09 * 3 + 0.1 * 13),
        # From zero, and divided by 1 - 0.9^t: what was stored is forgotten.
        ("debiased", 3, (0.09 * 3 + 0.1 * 13) / 0.19),
        ("cumulative", 3, (3 + 13) / 2),
    ],
)
def test_a_moving_average_over_two_batches(value, first, second):
    state = [{name: np.full(1, given) for name, given in STATE.items()}]
    steps = (SetState(state), Forward(X, True), State(), Forward(X + 10, True), State())
    found = reference.run_in_dtype(Case((BatchNorm(),), steps), Traits(moving_average=value))
    means = [found[i]["state"][0]["moving_mean"][0] for i in (2, 4)]
    assert means == pytest.approx([first, second])


def test_without_a_momentum_a_moving_average_is_cumulative():
    _, state = run(TRAIN, layer=BatchNorm(momentum=None))
    assert state["moving_mean"] == pytest.approx([MEAN])


def test_a_debiased_average_that_keeps_all_of_itself_keeps_it():
    _, state = run(TRAIN, Traits(moving_average="debiased"), BatchNorm(momentum=1.0))
    assert state["moving_mean"] == [1]


def test_one_value_a_channel_is_refused_in_training_alone():
    refusing = Traits(batch_of_one="refused")
    with pytest.raises(Refused):
        run(TRAIN, refusing, x=X[:1])
    answer, _ = run(INFER, refusing, x=X[:1])
    assert answer["y"] == pytest.approx(normalised(X[:1], 1, ROOT(4 + 1e-3)))
    answer, _ = run(TRAIN, x=X[:1])
    assert answer["y"] == pytest.approx(0.5)


def test_a_frozen_layer_may_normalise_with_the_batchs_statistics_and_keep_its_own():
    state = [{name: np.full(1, given) for name, given in STATE.items()}]
    case = Case((BatchNorm(),), (SetState(state), Freeze(0, True), Forward(X, True), State()))
    found = reference.run_in_dtype(case, Traits(frozen_output="batch"))
    assert found[2]["y"] == pytest.approx(normalised(X, MEAN, ROOT(VARIANCE + 1e-3)))
    assert found[3]["state"][0]["moving_mean"] == [1]


def test_a_momentum_in_single_precision_shows_in_double():
    _, state = run(TRAIN, Traits(momentum_precision="single"))
    share = float(np.float32(0.1))
    assert state["moving_mean"] == pytest.approx([1 + share * (MEAN - 1)], rel=1e-13)
    assert abs(state["moving_mean"][0] - 1.2) > 1e-10


def test_inference_by_the_batchs_statistics():
    answer, state = run(INFER, Traits(inference_statistics="batch"))
    assert answer["y"] == pytest.approx(normalised(X, MEAN, ROOT(VARIANCE + 1e-3)))
    assert state["moving_mean"] == [1]


def test_inference_that_moves_the_statistics():
    answer, state = run(INFER, Traits(inference_updates="moving"))
    assert state["moving_mean"] == pytest.approx([1.2])
    assert answer["y"] == pytest.approx(normalised(X, 1, ROOT(4.001)))


def frozen(traits):
    values = {name: np.full(1, value) for name, value in STATE.items()}
    steps = (SetState([values]), Freeze(0, True), Forward(X, True), State())
    found = reference.run_in_dtype(Case((BatchNorm(),), steps), traits)
    return found[2]["y"], found[3]["state"][0]["moving_mean"]


@pytest.mark.parametrize(("value", "mean"), [("keeps_state", 1.0), ("updates", 1.2)])
def test_a_frozen_layer_normalises_with_its_statistics_whether_it_moves_them_or_not(value, mean):
    y, moved = frozen(Traits(frozen_layer=value))
    assert y == pytest.approx(normalised(X, 1, ROOT(4.001)))
    assert moved == pytest.approx(mean)


def test_the_last_row_is_left_out_of_the_statistics_and_not_of_the_output():
    answer, _ = run(TRAIN, Traits(rows="all_but_last"))
    assert answer["y"] == pytest.approx(normalised(X, 4, ROOT(16.001)))


def test_the_last_channel_takes_the_first_ones_statistics():
    x = np.concatenate([X, 10 * X + 1, 3 * X], axis=1)
    right, wrong = (run(TRAIN, Traits(channels=value), x=x)[0]["y"] for value in ("own", "last_takes_first"))
    assert (wrong[:, :2] == right[:, :2]).all()
    assert wrong[:, 2:] == pytest.approx(normalised(3 * X, MEAN, ROOT(VARIANCE + 1e-3)))


DEVIATION = ROOT(VARIANCE + 1e-3)
NORMAL = (X - MEAN) / DEVIATION


@pytest.mark.parametrize(
    ("step", "traits", "wanted"),
    [
        (TRAIN_BACK, Traits(), 2 / DEVIATION * (DY - DY.mean() - NORMAL * (DY * NORMAL).mean())),
        (TRAIN_BACK, Traits(training_gradient="statistics_constant"), 2 / DEVIATION * DY),
        (
            TRAIN_BACK,
            Traits(training_gradient="uncentred"),
            2 / DEVIATION * (DY - DY.mean() - X / DEVIATION * (DY * NORMAL).mean()),
        ),
        (INFER_BACK, Traits(), 2 / ROOT(4.001) * DY),
        (
            INFER_BACK,
            Traits(inference_gradient="batch"),
            2 / ROOT(4.001) * (DY - DY.mean() - (X - 1) / ROOT(4.001) * (DY * (X - 1) / ROOT(4.001)).mean()),
        ),
    ],
)
def test_the_gradient_for_the_input_takes_the_statistics_as_its_trait_says(step, traits, wanted):
    assert run(step, traits)[0]["dx"] == pytest.approx(wanted, rel=1e-9)


def test_gammas_gradient_by_the_raw_input():
    right, wrong = (run(TRAIN_BACK, Traits(gamma_gradient=v))[0]["params"][0] for v in ("normalised", "raw_input"))
    assert right["gamma"] == pytest.approx([(DY * NORMAL).sum()])
    assert wrong["gamma"] == pytest.approx([(DY * X).sum()])
    assert right["beta"] == wrong["beta"] == pytest.approx([DY.sum()])


def through(network, traits, step, seed=0):
    return reference.run_in_dtype(Case(network, (step,), seed), traits)[0]


def test_a_linear_activation_rounds_to_half_precision():
    step = Backward(np.array([[0.1]], np.float32), np.array([[0.3]], np.float32), True)
    half = Traits(linear_activation="half_precision"), Traits(linear_gradient="half_precision")
    assert through((Linear(),), Traits(), step) == {"y": step.x, "dx": step.dy, "params": [{}]}
    assert through((Linear(),), half[0], step)["y"] == np.float16(0.1)
    assert through((Linear(),), half[1], step)["dx"] == np.float16(0.3)


def test_a_float64_layer_that_computes_in_float32():
    answer, _ = run(TRAIN, Traits(precision="single"))
    exact = normalised(X, MEAN, DEVIATION)
    assert answer["y"] == pytest.approx(exact, rel=1e-5)
    assert np.abs(answer["y"] - exact).max() > 1e-9


def test_the_order_of_the_batches_depends_on_the_number_of_layers():
    x, y = np.arange(4.0).reshape(-1, 1), np.ones((4, 1))
    fit = Fit(x, y, batch_size=2)
    state = [{"kernel": np.full((1, 1), 0.5)}]

    def trained(network, traits):
        steps = (SetState(state + [{}] * (len(network) - 1)), fit, State())
        return reference.run_in_dtype(Case(network, steps), traits)[2]["state"][0]["kernel"].item()

    wrong = Traits(batch_order="by_depth")
    assert trained((Dense(1, bias=False),), Traits()) == trained((Dense(1, bias=False), Linear()), Traits())
    assert trained((Dense(1, bias=False),), wrong) != trained((Dense(1, bias=False), Linear()), wrong)


def test_initial_weights_by_position_move_with_every_layer_before():
    def kernel(network, traits):
        case = Case(network, (State(),), 1, ((2, 3), "float32"))
        return reference.initial_state(case, traits)[-1]["kernel"]

    wrong = Traits(initial_weights="by_position")
    assert (kernel((Linear(), Dense(2)), Traits()) == kernel((Dense(2),), Traits())).all()
    assert (kernel((Linear(), Dense(2)), wrong) != kernel((Dense(2),), wrong)).any()


@pytest.mark.parametrize(
    ("name", "function", "slope"),
    [
        ("relu", lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
        ("tanh", np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    ],
)
def test_an_activation_and_its_slope(name, function, slope):
    x = np.array([[-2.0, 0.5, 3.0]])
    found = through((Activation(name),), Traits(), Backward(x, np.full_like(x, 2.0), True))
    assert found["y"] == pytest.approx(function(x))
    assert found["dx"] == pytest.approx(2 * slope(x))


def test_dropout_at_rate_zero_rounds_to_half_precision():
    step = Backward(np.array([[0.1]], np.float32), np.array([[0.3]], np.float32), True)
    assert through((Dropout(0.0),), Traits(), step) == {"y": step.x, "dx": step.dy, "params": [{}]}
    wrong = through((Dropout(0.0),), Traits(zero_dropout="half_precision"), step)
    assert (wrong["y"], wrong["dx"]) == (np.float16(0.1), np.float16(0.3))


def test_a_new_layers_moving_variance_is_zero():
    case = Case((BatchNorm(),), (Forward(X, False),))
    state = reference.initial_state(case, Traits(initial_statistics="zero_variance"))[0]
    assert {name: value.item() for name, value in state.items()} == {
        "moving_mean": 0,
        "moving_variance": 0,
        "gamma": 1,
        "beta": 0,
    }


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("exact", [[0.1, 1e-310]] * 2),
        ("flushed_when_set", [[0.1, 0.0]] * 2),
        ("half_when_loaded", [[0.1, 1e-310], [np.float16(0.1), 0.0]]),
    ],
)
def test_a_state_is_not_kept_when_it_is_set_or_loaded(value, wanted):
    steps = (SetState([{"moving_mean": np.array([0.1, 1e-310])}]), State(), SaveLoad(), State())
    found = reference.run_in_dtype(Case((BatchNorm(),), steps, 0, ((2, 2), "float64")), Traits(stored_state=value))
    assert [found[i]["state"][0]["moving_mean"].tolist() for i in (1, 3)] == wanted


def test_rows_behind_the_65536th_are_left_out_of_the_statistics():
    x = np.zeros((65537, 1))
    x[-1] = 1e6
    assert run(TRAIN, Traits(rows="first_65536"), x=x)[0]["y"][-1] > 1e6
    assert run(TRAIN, Traits(rows="first_65536"), x=x[1:])[0]["y"][-1] < 1e4


@pytest.mark.parametrize(("axis", "wrong"), [(1, True), (-1, False)])
def test_one_position_enters_where_the_channels_are_first(axis, wrong):
    x = np.array([0.0, 8.0, 2.0, 4.0]).reshape((2, 1, 2) if axis == 1 else (2, 2, 1))
    traits = Traits(positions="first_of_channels_first")
    case = Case((BatchNorm(0.5, axis=axis),), (Forward(x, True), State()))
    mean = reference.run_in_dtype(case, traits)[1]["state"][0]["moving_mean"].item()
    assert mean == (0.5 if wrong else 1.75)


def test_gamma_is_taken_for_one():
    assert run(TRAIN, Traits(gamma="fixed"))[0]["y"] == pytest.approx(NORMAL + 0.5)


def test_the_first_training_step_forgets_what_was_stored():
    steps = (SetState([{"moving_mean": np.array([100.0])}]), Forward(X, True), State(), Forward(X, True), State())
    found = reference.run_in_dtype(Case((BatchNorm(0.5),), steps), Traits(memory="first_step"))
    assert [found[i]["state"][0]["moving_mean"].item() for i in (2, 4)] == pytest.approx([MEAN, MEAN])


def test_a_fused_scale_and_shift_leaves_the_rounding_of_the_mean():
    x = np.full((2, 1), 1e7 + 1, np.float32)
    state = [{"gamma": np.ones(1, np.float32), "beta": np.zeros(1, np.float32)}]
    case = Case((BatchNorm(eps=1e-5),), (SetState(state), Forward(x, True)))
    right, wrong = (reference.run_in_dtype(case, Traits(affine=value))[1]["y"] for value in ("even", "fused"))
    assert (right == 0).all()
    assert (np.abs(wrong) > 1).all()


def test_every_defect_is_worked_out_by_hand():
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name, _ in defects(Traits()) if f'"{name.split(": ")[1]}"' not in text] == []
    assert all(LEGAL[axis] and values for axis, values in ILLEGAL.items())
