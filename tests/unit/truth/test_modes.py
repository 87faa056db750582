"""Half precision, compiled calls, fixed modes, counts and second derivatives, on numbers worked out by hand."""

import mpmath
import numpy as np
import pytest

from bncheck.cases.case import (
    Backward,
    Batches,
    Case,
    Evaluate,
    Forward,
    ForwardFixed,
    Freeze,
    Predict,
    SecondBackward,
    SetState,
    State,
)
from bncheck.cases.mode_strategies import compiled, counting_example, second_example
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.truth import questions, reference
from bncheck.truth.ball import Ball, magnitude
from bncheck.truth.bounds import balls
from bncheck.truth.halves import LIMITS, limits, nearest
from bncheck.truth.traits import Traits

X = np.array([[0.0], [8.0], [1.0]], np.float32)
SET = SetState([{name: np.full(1, v, np.float32) for name, v in {"moving_mean": 1.0, "moving_variance": 4.0}.items()}])
PLAIN = BatchNorm(scale=False, center=False)


def run(*steps, traits=Traits(), layer=PLAIN, **more):  # noqa: B008 (frozen)
    return reference.run_in_dtype(Case((layer,), (SET, *steps), **more), traits)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_a_number_is_rounded_to_the_nearest_of_half_precision_and_ties_go_to_even(half):
    u, _, largest = limits(half)
    given = np.array([1 + u, 1 + 3 * u, 1 + 1.01 * u, -1 - 3 * u, largest, np.inf, np.nan, 0.0], np.float32)
    wanted = [1, 1 + 4 * u, 1 + 2 * u, -1 - 4 * u, largest, np.inf, np.nan, 0.0]
    assert nearest(given, half).tolist() == pytest.approx(wanted, rel=0, nan_ok=True)


def test_bfloat16_is_the_upper_half_of_a_float32():
    rng = np.random.default_rng(0)
    given = (rng.normal(size=1000) * 10.0 ** rng.integers(-30, 30, 1000)).astype(np.float32)
    found = nearest(given, "bfloat16")
    assert not (found.view(np.uint32) & 0xFFFF).any()
    assert (np.abs(found - given) <= LIMITS["bfloat16"][0] * np.abs(given)).all()


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_the_bound_of_an_output_has_one_rounding_more(half):
    ar, (u, _, largest) = balls("float32"), limits(half)
    found = ar.narrowed(Ball(ar, np.array([1.0, 2 * largest]), np.array([0.1, 0.0])), half)
    assert found.error[0] == pytest.approx(0.1 + 1.1 * u, rel=1e-3)
    assert np.isinf(found.error[1])
    exact = np.random.default_rng(0).normal(size=1000)
    ball = ar.narrowed(ar.exact(exact), half)
    assert (magnitude(nearest(exact, half) - ball.value) <= ball.error + 2.0**-24 * np.abs(exact)).all()


def test_a_layer_that_computes_in_half_precision_overflows():
    x = np.array([[400.0], [-400.0]], np.float32)
    right, wrong = (
        run(Forward(x, True), half="float16", traits=Traits(precision=p))[1]["y"] for p in ("dtype", "half")
    )
    assert right.tolist() == [[1.0], [-1.0]]
    assert wrong.tolist() == [[0.0], [0.0]]


def test_half_precision_is_what_the_input_is_rounded_to():
    x = np.array([[1.0001], [2.0]], np.float32)
    assert run(Forward(x, False), half="bfloat16")[1]["y"][0] == 0


def test_a_compiled_call_may_take_the_variance_in_one_pass():
    case = layer_example([[10000.0], [10001.0], [9999.0], [10000.5]], layer=BatchNorm())
    wrong = Traits(compiled="one_pass")
    for each, same in ((case, True), (compiled(case, "graph"), False)):
        right, found = (reference.run_in_dtype(each, traits)[3]["y"] for traits in (Traits(), wrong))
        assert np.array_equal(right, found) is same


@pytest.mark.parametrize(("value", "moved"), [("kept", [1.0, 1.2]), ("overridden", [1.2, 1.2])])
def test_a_fixed_mode_is_the_models_own_where_it_is_overridden(value, moved):
    steps = [ForwardFixed(X, False, True), State(), ForwardFixed(X, True, False), State()]
    found = run(*steps, traits=Traits(fixed_training=value))
    assert [found[i]["state"][0]["moving_mean"][0] for i in (2, 4)] == pytest.approx(moved)


def test_predicting_and_evaluating_infer():
    y = np.zeros_like(X)
    found = run(Predict(X, 2), Evaluate(X, y), State())
    normal = (X - 1) / np.sqrt(4 + 1e-3)
    assert found[1]["y"] == pytest.approx(normal)
    assert float(found[2]["loss"]) == pytest.approx(np.mean(normal**2))
    assert found[3]["state"][0]["moving_mean"] == [1]


@pytest.mark.parametrize(("value", "loss"), [("over_rows", 69 / 4), ("over_batches", (5 / 3 + 64) / 2)])
def test_an_evaluation_is_the_mean_over_the_rows_or_over_the_batches(value, loss):
    """Of the squares 0, 1, 4 and 64 in batches of three; the layer has a deviation of one."""
    found = reference.run_in_dtype(questions.evaluated((2, "last", "float64")), Traits(evaluation=value))
    assert float(found[1]["loss"]) == pytest.approx(loss / 1.001)


@pytest.mark.parametrize(("value", "means"), [("of_batches", [3.0, 4.0]), ("of_initial_too", [2.0, 3.0])])
def test_without_a_momentum_the_statistics_are_averages(value, means):
    steps = [Forward(X, True), State(), Forward(X + 2, True), State()]
    layer = BatchNorm(momentum=None, scale=False, center=False)
    found = run(*steps, traits=Traits(cumulative_average=value), layer=layer)
    assert [found[i]["state"][0]["moving_mean"][0] for i in (2, 4)] == pytest.approx(means)


@pytest.mark.parametrize(
    ("value", "counts"),
    [("training", [0, 1, 1, 1, 1]), ("inference", [0, 1, 2, 3, 3]), ("forgotten", [0, 1, 1, 1, 0])],
)
def test_the_batches_that_are_counted(value, counts):
    case = counting_example([[0.0], [8.0]], layer=BatchNorm())
    found = reference.run_in_dtype(case, Traits(batch_count=value))
    assert [found[i]["batches"] for i in case.where(Batches)] == [[count] for count in counts]


def test_a_frozen_layer_has_no_gradients_for_its_weights():
    found = run(Freeze(0, True), Backward(X, X, True), layer=BatchNorm())
    assert found[2]["params"] == [{}]


def exactly(case, training):
    """dx, ddx and ddy with 50 digits, each derivative a difference quotient of the sum that it derives."""
    (set_, *_), layer = case.steps, case.layer
    own = {name: mpmath.mpf(float(value[0])) for name, value in set_.state[0].items()}
    step = next(s for s in case.steps if getattr(s, "training", None) is training)
    x, dy, v = ([mpmath.mpf(float(n)) for n in a[:, 0]] for a in (step.x, step.dy, step.v))

    def y(x):
        mean = mpmath.fsum(x) / len(x) if training else own["moving_mean"]
        variance = mpmath.fsum((n - mean) ** 2 for n in x) / len(x) if training else own["moving_variance"]
        return [own["gamma"] * (n - mean) / mpmath.sqrt(variance + mpmath.mpf(layer.eps)) + own["beta"] for n in x]

    def slopes(function, at):
        h = mpmath.mpf(10) ** -15
        moved = [[[n + s * h * (i == j) for j, n in enumerate(at)] for s in (1, -1)] for i in range(len(at))]
        return [(function(up) - function(down)) / (2 * h) for up, down in moved]

    def dx(x, dy):
        return slopes(lambda x: mpmath.fsum(a * b for a, b in zip(y(x), dy, strict=True)), x)

    def along_v(found):
        return mpmath.fsum(a * b for a, b in zip(found, v, strict=True))

    return dx(x, dy), slopes(lambda x: along_v(dx(x, dy)), x), slopes(lambda dy: along_v(dx(x, dy)), dy)


TWICE = second_example([[0.0], [8.0], [2.0]], [[1.0], [-2.0], [0.5]], [[0.5], [1.0], [-1.0]], BatchNorm())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("run_case", [reference.run, reference.run_in_dtype])
def test_second_derivatives_are_difference_quotients_of_the_definition(run_case, training):
    (i,) = TWICE.where(SecondBackward, training=training)
    with mpmath.workdps(50):
        exact = exactly(TWICE, training)
    for name, wanted in zip(("dx", "ddx", "ddy"), exact, strict=True):
        found = run_case(TWICE)[i][name]
        assert np.ravel(getattr(found, "value", found)) == pytest.approx(
            [float(n) for n in wanted], rel=1e-5, abs=1e-12
        )


def test_second_derivatives_that_take_a_statistic_for_a_constant_are_others():
    (i,) = TWICE.where(SecondBackward, training=True)
    right, deviation, mean = (
        reference.run_in_dtype(TWICE, Traits(second_gradient=value))[i]["ddx"]
        for value in ("full", "deviation_constant", "mean_constant")
    )
    assert np.ptp(mean - right) == pytest.approx(0, abs=1e-6)  # the same for every row: mean(v) C gamma s^2 / n
    assert abs((mean - right)[0, 0]) > 1e-3
    assert np.abs(deviation - right).max() > 1e-3


@pytest.mark.parametrize("name", ["ddx", "ddy"])
def test_a_second_derivative_in_float32_stays_within_its_bound_and_uses_some_of_it(name):
    shares = []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        x, dy, v = (rng.normal(size=(9, 3)).astype(np.float32) for _ in range(3))
        case = second_example(x, dy, v, BatchNorm())
        right, found = reference.run(case)[2][name], reference.run_in_dtype(case)[2][name]
        shares.append(np.max(magnitude(found - right.value) / right.error))
    assert np.median(shares) > 1e-2
    assert max(shares) <= 1
