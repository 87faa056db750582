"""Each defect at the edges does what its name says, on numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from bncheck.cases.case import Attempt, Backward, Case, Forward, SetState, State
from bncheck.cases.network import BatchNorm
from bncheck.truth import reference
from bncheck.truth.edges import Refused
from bncheck.truth.traits import Traits

LAYER = BatchNorm(0.9, 1e-3)
X = np.array([[1.0, 3.0], [8.0, 4.0]])
MASK = np.array([[True, False]])
STEPS = np.array([[[1.0], [8.0]]])


def start(channels, **changed):
    values = {"gamma": 2.0, "beta": 0.5, "moving_mean": 1.0, "moving_variance": 4.0, **changed}
    return SetState([{name: np.resize(value, channels) for name, value in values.items()}])


def run(*steps, traits=Traits(), shape=(2, 2)):  # noqa: B008 (frozen)
    """What steps on a layer of two channels, or as many as ``shape`` ends with, return, and the state after them."""
    case = Case((LAYER,), (start(shape[-1]), *steps, State()), 0, (shape, "float64"))
    *answers, last = reference.run_in_dtype(case, traits)
    return answers[1:], {name: value.tolist() for name, value in last["state"][0].items()}


def raised(answer):
    return answer.get("raised", {}).get("message", "")


@pytest.mark.parametrize(("value", "variance"), [("accepted", [0.9 * 4, 0.9 * 4]), ("not_a_number", [np.nan, np.nan])])
def test_a_batch_of_one_has_no_variance_or_makes_the_moving_one_no_number(value, variance):
    _, state = run(Forward(X[:1], True), traits=Traits(batch_of_one=value))
    assert state["moving_mean"] == pytest.approx([0.9 * 1 + 0.1 * 1, 0.9 * 1 + 0.1 * 3])
    assert state["moving_variance"] == pytest.approx(variance, nan_ok=True)


def test_a_batch_of_one_that_is_refused_is_raised():
    (answer,), state = run(Attempt(Forward(X[:1], True)), traits=Traits(batch_of_one="refused"))
    assert raised(answer) == "one value a channel, in training"
    assert state["moving_mean"] == [1, 1]


@pytest.mark.parametrize(
    ("value", "mean", "gradient"),
    [
        ("unchanged", [1, 1], [0, 0]),
        ("moves_statistics", [np.nan] * 2, [0, 0]),
        ("averaged", [np.nan] * 2, [np.nan] * 2),
    ],
)
def test_an_empty_batch_is_nothing_or_the_mean_of_nothing(value, mean, gradient):
    (answer,), state = run(Backward(X[:0], X[:0], True), traits=Traits(empty_batch=value))
    assert state["moving_mean"] == pytest.approx(mean, nan_ok=True)
    assert answer["params"][0]["gamma"] == pytest.approx(gradient, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "mean"),
    [("own_channel", [np.nan, 0.9 + 0.1 * 3.5]), ("spreads", [np.nan, np.nan]), ("taken_for_zero", [1.3, 1.25])],
)
def test_a_nan_stays_in_its_channel_spreads_or_is_read_as_zero(value, mean):
    x = X.copy()
    x[0, 0] = np.nan
    _, state = run(Forward(x, True), traits=Traits(non_finite=value))
    assert state["moving_mean"] == pytest.approx(mean, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "mean"),
    [("refused", [1, 1]), ("fitted", [0.9 + 0.1 * 4.5] * 2), ("moves_first", [0.9 + 0.1 * 4.5] * 2)],
)
def test_an_input_of_one_channel_is_refused_repeated_or_refused_after_it_was_repeated(value, mean):
    (answer,), state = run(Attempt(Forward(X[:, :1], True)), traits=Traits(malformed_input=value))
    assert bool(raised(answer)) is (value != "fitted")
    assert state["moving_mean"] == pytest.approx(mean)


def test_integers_may_be_taken_in_float32():
    step = Attempt(Forward(np.array([[1, 1], [2, 2]]), True))
    right, wrong = (run(step, traits=Traits(malformed_input=v))[1] for v in ("refused", "integers_in_single"))
    assert right["moving_mean"] == [0.9 * 1 + (1 - 0.9) * 1.5] * 2
    assert wrong["moving_mean"] == [float(np.float32(1.05))] * 2


def test_a_state_of_another_length_is_refused_or_repeated():
    longer = Attempt(SetState([{"moving_mean": np.array([5.0, 6.0, 7.0])}]))
    assert run(longer)[1]["moving_mean"] == [1, 1]
    assert run(longer, traits=Traits(malformed_input="fitted"))[1]["moving_mean"] == [5, 6]


def test_after_a_step_that_was_refused_a_spoilt_layer_returns_no_numbers():
    steps = (Attempt(Forward(X[:, :1], True)), Forward(X, False))
    assert np.isfinite(run(*steps)[0][1]["y"]).all()
    assert np.isnan(run(*steps, traits=Traits(after_failure="spoilt"))[0][1]["y"]).all()


def test_a_layout_that_is_ignored_gives_the_order_in_memory():
    """Reversed rows lie in memory last first."""
    step = Forward(X, False, layout="reversed")
    (right,), _ = run(step)
    (wrong,), _ = run(step, traits=Traits(memory_layout="ignored"))
    assert right["y"] == pytest.approx(2 * (X - 1) / np.sqrt(4.001) + 0.5)
    assert sorted(wrong["y"].ravel()) == pytest.approx(sorted(right["y"].ravel()))
    assert not np.allclose(wrong["y"], right["y"])


def test_a_gradient_that_takes_gamma_for_contiguous_reads_what_lies_between():
    """The numbers between are NaN; the first one is where it should be."""
    state = replace(start(2), layout="strided")
    case = Case((LAYER,), (state, Backward(X, X, False), Backward(X, X, True)), 0, ((2, 2), "float64"))
    _, *right = reference.run_in_dtype(case)
    _, *wrong = reference.run_in_dtype(case, Traits(memory_layout="gamma_by_pointer"))
    for papers, other in zip(right, wrong, strict=True):
        assert other["y"] == pytest.approx(papers["y"])
        assert other["dx"][:, 0] == pytest.approx(papers["dx"][:, 0])
        assert np.isnan(other["dx"][:, 1]).all()


def test_a_gradient_that_reads_the_variance_from_memory_that_was_given_back_is_anything_in_inference():
    state = replace(start(2), layout="strided")
    case = Case((LAYER,), (state, Backward(X, X, False), Backward(X, X, True)), 0, ((2, 2), "float64"))
    _, inference, training = reference.run(case, Traits(memory_layout="gamma_by_pointer"))
    assert np.isinf(inference["dx"].error).all()
    assert np.isinf(inference["params"][0]["gamma"].error).all()
    assert np.isfinite(inference["y"].error).all()
    assert np.isfinite(training["dx"].error[:, 0]).all()


@pytest.mark.parametrize(
    ("traits", "mean", "variance"),
    [
        (Traits(), 1.0, 0.0),
        (Traits(masks="times_zero"), 1.0, 0.0),
        (Traits(masks="ignored"), 4.5, 3.5**2),
        (Traits(mask_count="plus_epsilon"), 1 / (1 + 1e-7), 0.0),
    ],
)
def test_a_masked_step_stays_out(traits, mean, variance):
    _, state = run(Forward(STEPS, True, mask=MASK), traits=traits, shape=(1, 2, 1))
    assert state["moving_mean"] == pytest.approx([0.9 + 0.1 * mean], rel=1e-12)
    assert state["moving_variance"] == pytest.approx([0.9 * 4 + 0.1 * variance])


def test_a_masked_nan_stays_when_it_is_weighed_with_zero():
    steps = np.array([[[1.0], [np.nan]]])
    for value, mean in (("left_out", 1.0), ("times_zero", np.nan)):
        _, state = run(Forward(steps, True, mask=MASK), traits=Traits(masks=value), shape=(1, 2, 1))
        assert state["moving_mean"] == pytest.approx([mean], nan_ok=True)


@pytest.mark.parametrize(
    ("traits", "mean", "variance"),
    [
        (Traits(), 1, 4),
        (Traits(masks="times_zero"), np.nan, np.nan),
        (Traits(mask_count="none_is_zero"), 0.9 * 1, 0.9 * 4),
        (Traits(mask_count="plus_epsilon"), 0.9 * 1, 0.9 * 4),
    ],
)
def test_a_batch_that_is_masked_whole(traits, mean, variance):
    _, state = run(Forward(STEPS, True, mask=~MASK & False), traits=traits, shape=(1, 2, 1))
    assert state["moving_mean"] == pytest.approx([mean], nan_ok=True)
    assert state["moving_variance"] == pytest.approx([variance], nan_ok=True)


@pytest.mark.parametrize("mask", [np.ones((1, 3), bool), MASK[0], MASK[..., None]])
def test_a_mask_of_another_shape_is_refused(mask):
    with pytest.raises(Refused, match="a mask of shape"):
        run(Forward(STEPS, True, mask=mask), shape=(1, 2, 1))


def test_a_mask_of_one_value_along_an_axis_counts_for_all_along_it():
    x, mask = np.arange(12.0).reshape(1, 3, 2, 2), np.array([[[True], [True], [False]]])
    states = [run(Forward(x, True, mask=m), shape=x.shape)[1] for m in (mask, np.broadcast_to(mask, (1, 3, 2)))]
    assert states[0]["moving_mean"] == pytest.approx([0.9 + 0.1 * 3, 0.9 + 0.1 * 4])
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
