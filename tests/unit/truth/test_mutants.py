"""Faults do what their names say, on numbers worked out by hand."""

import numpy as np
import pytest

from bncheck.cases.case import Backward, Case, Forward, SetState, State
from bncheck.cases.network import BatchNorm
from bncheck.truth import mutants
from bncheck.truth.reference_subject import direct_subject
from bncheck.truth.traits import ILLEGAL

MUTANTS, SIZED = mutants.load_all(), mutants.load_sized()
FAULTS = [name for name, mutant in MUTANTS.items() if mutant.fault]
ROWS, CHANNELS = 70, 70  # every block that fits has a tail
STATE = {"gamma": -2.0, "beta": 0.5, "moving_mean": -1.0, "moving_variance": 2e4}


def case(dtype, shape=(ROWS, 3, 2, 2, CHANNELS), layer=None, scale=2e3):
    """Inference, three training steps with gradients and inference; no two numbers are alike."""
    rng, layer = np.random.default_rng(1), layer or BatchNorm(0.75, 1e-2)
    channels = shape[layer.axis]
    state = {name: (value * (1 + rng.random(channels))).astype(dtype) for name, value in STATE.items()}
    x, dy = (rng.normal(size=shape).astype(dtype) * np.dtype(dtype).type(s) for s in (scale, 1))
    steps = [SetState([state]), Backward(x, dy, False), Backward(x, dy, True), State()]
    for _ in range(2):
        steps += [Backward(x[::-1].copy(), dy, True), State()]
    return Case((layer,), (*steps, Forward(x, False)))


def arrays(subject, each):
    """Every array of a subject's answer."""
    return [array for step in subject.run(each).steps for array in _leaves(step)]


def _leaves(value):
    if isinstance(value, np.ndarray):
        return [value]
    return [leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(each)]


CASES = [case("float32"), case("float64"), case("float32", (130, 3), BatchNorm(0.75, 1e-6), 1e-5)]


def differs(subject):
    right = [arrays(direct_subject(), each) for each in CASES]
    wrong = [arrays(subject, each) for each in CASES]
    return any(not np.array_equal(a, b) for r, w in zip(right, wrong, strict=True) for a, b in zip(r, w, strict=True))


def test_there_are_eighty_mutants_and_every_defect_is_one():
    assert len(MUTANTS) >= 80
    assert {f"{axis}: {value}" for axis, values in ILLEGAL.items() for value in values} <= set(MUTANTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_changes_an_answer_and_never_a_form(name):
    assert differs(MUTANTS[name].subject())
    for each in CASES:
        right, wrong = arrays(direct_subject(), each), arrays(MUTANTS[name].subject(), each)
        assert [(a.shape, a.dtype) for a in wrong] == [(a.shape, a.dtype) for a in right]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_says_what_is_wrong_in_words(name):
    assert len(MUTANTS[name].sentence) > 10
    assert not MUTANTS[name].sentence.endswith(".")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SIZED)
def test_a_fault_with_a_size_is_there_in_its_dtype_alone(name, dtype):
    other = {"float32": "float64", "float64": "float32"}[dtype]
    for at, changed in ((dtype, True), (other, False)):
        each = case(at, (5, 3), scale=0.1)
        right = arrays(direct_subject(), each)
        found = arrays(direct_subject(maths=SIZED[name].fault(0.01, dtype).maths), each)
        assert any(not np.array_equal(a, b) for a, b in zip(right, found, strict=True)) is changed


def small(name, *inputs, training=True, layer=None, **state):
    """The last answer and the state after training on small inputs of one channel, in float64."""
    given = {"gamma": 2.0, "beta": 0.5, "moving_mean": 1.0, "moving_variance": 4.0, **state}
    weights = {key: np.array([value]) for key, value in given.items()}
    steps = [Forward(np.array(x, float).reshape(-1, 1), training) for x in inputs]
    found = MUTANTS[name].subject().run(Case((layer or BatchNorm(0.5),), (SetState([weights]), *steps, State())))
    return found.y(len(inputs))[:, 0], {key: value.item() for key, value in found.state(len(inputs) + 1)[0].items()}


NINE, FIRST, SECOND = [1.0] * 8 + [10.0], [0.0, 2.0], [4.0, 4.0]


def test_a_tail_of_rows_is_left_out_of_the_statistics():
    _, state = small("rows_tail_of_8", NINE)
    assert (state["moving_mean"], state["moving_variance"]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [
        ("moves_late", 1.0, 2.5),
        ("moves_twice", 3.25, 0.4375),
        ("first_move_lost", 2.5, 2.0),
        ("every_other_move_lost", 1.0, 2.5),
        ("never_moves", 1.0, 4.0),
        ("mean_never_moves", 1.0, 1.25),
        ("variance_never_moves", 2.5, 4.0),
        ("moves_by_mean_square", 2.5, 9.5),
        ("variance_about_moving_mean", 2.5, 5.75),
    ],
)
def test_a_fault_of_the_state_after_two_steps(name, mean, variance):
    # Means 1 and 4, variances 1 and 0; half of itself is kept.
    _, state = small(name, FIRST, SECOND)
    assert (state["moving_mean"], state["moving_variance"]) == pytest.approx((mean, variance))


def test_weights_that_are_ignored_or_clipped():
    root = np.sqrt(4 + 1e-3)
    assert small("beta_ignored_in_inference", [3.0], training=False)[0] == pytest.approx([2 * 2 / root])
    assert small("gamma_ignored_in_inference", [3.0], training=False)[0] == pytest.approx([2 / root + 0.5])
    assert small("negative_gamma_clipped", [3.0], training=False, gamma=-2.0)[0] == pytest.approx([0.5])
    assert small("beta_scaled_by_gamma", [3.0], training=False)[0] == pytest.approx([2 * (2 / root + 0.5)])
    assert small("epsilon_twice", [3.0], training=False)[0] == pytest.approx([4 / np.sqrt(4 + 2e-3) + 0.5])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # dy = 1, 0 and the normalised x = -s, s; dy less its mean is +-1/2, and the part through the variance s^2 / 2.
        ("no_gradient_through_variance", lambda s, f: [f / 2, -f / 2]),
        ("no_gradient_through_mean", lambda s, f: [f * (1 - s * s / 2), f * s * s / 2]),
        ("gradient_over_n_minus_one", lambda s, f: [-f * s * s, f * (s * s - 1)]),
        ("half_the_variance_term", lambda s, f: [f * (0.5 - s * s / 4), -f * (0.5 - s * s / 4)]),
        ("gradient_reversed", lambda s, f: [-f * (0.5 - s * s / 2), f * (0.5 - s * s / 2)]),
    ],
)
def test_a_fault_of_the_gradient(name, wanted):
    x, dy = np.array([[0.0], [2.0]]), np.array([[1.0], [0.0]])
    weights = {key: np.array([value]) for key, value in {**STATE, "gamma": 2.0}.items()}
    steps = (SetState([weights]), Backward(x, dy, True))
    found = MUTANTS[name].subject().run(Case((BatchNorm(eps=1.0),), steps)).dx(1)
    s = 1 / np.sqrt(2.0)
    assert found[:, 0] == pytest.approx(wanted(s, 2 * s))
