"""The bounds allow every sound algorithm, and little more.

Sound here: the algorithms of soundness/algorithms.py, which share no arithmetic with the reference.
"""

from functools import lru_cache

import numpy as np
import pytest

from bncheck.cases.case import Backward, Forward
from bncheck.cases.distributions import DISTRIBUTIONS, normal, ramp
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import batch_norm_state, data, layer_case, layer_cases
from bncheck.engine.drawn import drawn
from bncheck.truth import reference
from bncheck.truth.ball import Ball, magnitude
from bncheck.truth.bounds import balls
from soundness.algorithms import ALGORITHMS

SEEDS, EACH = 12, 125
SHARPEST = 30.0


def leaves(found, right, path=()):
    """The arrays of an answer beside the balls of the reference, with where they stand."""
    if isinstance(right, dict):
        return [leaf for name in right for leaf in leaves(found[name], right[name], (*path, name))]
    if isinstance(right, list):
        return [leaf for i, pair in enumerate(zip(found, right, strict=True)) for leaf in leaves(*pair, (*path, i))]
    return [(path, found, right)]


def shares(actual, ball):
    """The error of each number as a share of its bound."""
    with np.errstate(all="ignore"):
        error = magnitude(ball.arithmetic.lift(actual) - ball.value)
        share = np.where(error == 0, 0.0, error / ball.error)
    return np.where(np.isposinf(ball.error), 0.0, np.where(np.isnan(share), np.inf, share))


def worst(algorithm, case, right):
    """The largest share that an algorithm needs in a case, and where."""
    found = leaves(algorithm.run(case), right)
    return max((float(np.max(shares(actual, ball), initial=0.0)), str(path)) for path, actual, ball in found)


@lru_cache
def margins():
    """What each algorithm needs on each of the drawn cases."""
    found = {name: [] for name in ALGORITHMS}
    for seed in range(SEEDS):
        for case in drawn(layer_cases, seed, EACH):
            right = reference.run(case)
            for name, algorithm in ALGORITHMS.items():
                found[name].append((*worst(algorithm, case, right), case.shape, case.dtype, case.digest))
    return found


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_sound_algorithm_stays_within_the_bounds_on_every_drawn_case(name):
    assert max(margins()[name])[0] <= 1


def one_channel(distribution, rows, offset, scale, dtype="float32", seed=0, axis=-1):
    rng = np.random.default_rng([seed, rows])
    layer = BatchNorm(eps=1e-5, axis=axis)
    x = data(rng, distribution, (rows, 1), axis, dtype, offset, scale)
    state = [batch_norm_state(rng, layer, 1, dtype, offset, scale)]
    return layer_case(layer, [x], rng.normal(size=x.shape).astype(dtype), state)


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e4, -1e6])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: d.__name__)
def test_a_sum_over_one_long_channel_stays_within_the_bounds(distribution, offset):
    for rows in (257, 2200):
        case = one_channel(distribution, rows, offset, 1.0)
        right = reference.run(case)
        assert max(worst(algorithm, case, right) for algorithm in ALGORITHMS.values())[0] <= 1, rows


@pytest.mark.parametrize("seed", range(8))
def test_terms_that_are_lost_beside_one_large_term_are_allowed_for(seed):
    rng = np.random.default_rng(seed)
    x = np.concatenate([[1.0], rng.uniform(0.2, 0.9, 2000) * 2.0**-12.3]).reshape(-1, 1).astype(np.float32)
    layer = BatchNorm(eps=1e-5)
    dy = rng.normal(size=x.shape).astype(np.float32)
    case = layer_case(layer, [x], dy, [batch_norm_state(rng, layer, 1, "float32")])
    right = reference.run(case)
    assert max(worst(algorithm, case, right) for algorithm in ALGORITHMS.values())[0] <= 1


def test_a_variance_whose_sum_overflows_is_not_judged():
    case = one_channel(normal, 64, 0.0, 6e18)
    right = reference.run(case)
    assert float(right[4]["state"][0]["moving_variance"].value[0]) < np.finfo(np.float32).max
    assert max(worst(algorithm, case, right) for algorithm in ALGORITHMS.values())[0] <= 1


def test_an_offset_that_float32_cannot_hold_apart_is_allowed_for():
    case = one_channel(ramp, 2200, 1e4, 1.0)
    right = reference.run(case)
    assert worst(ALGORITHMS["sequential"], case, right)[0] <= 1


def well_conditioned(seed, dtype):
    """Standard normal data of several shapes, where nothing cancels."""
    rng = np.random.default_rng(seed)
    rows, channels, layer = int(rng.choice([8, 33, 64, 129])), int(rng.choice([1, 3, 8])), BatchNorm()
    x = rng.normal(size=(rows, channels)).astype(dtype)
    dy = rng.normal(size=x.shape).astype(dtype)
    return layer_case(layer, [x], dy, [batch_norm_state(rng, layer, channels, dtype)])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_well_conditioned_data_half_of_the_cases_use_a_thirtieth_of_the_bound_or_more(dtype):
    found = {"y": [], "dx": []}
    for seed in range(100):
        case = well_conditioned(seed, dtype)
        right, answer = reference.run(case), ALGORITHMS["pairwise"].run(case)
        for i in case.where(Forward, Backward, training=True):
            for name in found:
                found[name].append(np.max(shares(answer[i][name], right[i][name])))
    assert {name: 1 / np.median(values) < SHARPEST for name, values in found.items()} == {"y": True, "dx": True}


OPERATIONS = {
    "add": lambda ar, a, b: a + b,
    "subtract": lambda ar, a, b: a - b,
    "multiply": lambda ar, a, b: a * b,
    "divide": lambda ar, a, b: a / b,
    "matrix product": lambda ar, a, b: a @ b.T,
    "sum": lambda ar, a, b: ar.sum(a, (0,)),
    "mean": lambda ar, a, b: ar.mean(a, (0,)),
    "variance": lambda ar, a, b: ar.variance(a, ar.mean(a, (0,)), (0,)),
    "root": lambda ar, a, b: ar.root(a * a),
    "inverse root": lambda ar, a, b: ar.inverse_root(a * a, 1e-5),
    "affine": lambda ar, a, b: ar.affine(a, ar.mean(a, (0,)), ar.mean(b, (0,)), ar.mean(a, (0,))),
    "centred dot": lambda ar, a, b: ar.centred_dot(b, a, ar.mean(a, (0,)), ar.mean(b, (0,)), (0,)),
    "mix": lambda ar, a, b: ar.mix(a, b, 0.9),
    "scaled": lambda ar, a, b: ar.scaled(a, 0.1),
    "relu": lambda ar, a, b: ar.relu(a),
    "sigmoid": lambda ar, a, b: ar.sigmoid(a),
    "tanh": lambda ar, a, b: ar.tanh(a),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_operation_on_operands_within_their_bounds_stays_within_its_own(name, dtype):
    from bncheck.truth.plain import Plain

    rng, ar, plain = np.random.default_rng(7), balls(dtype), Plain(dtype)
    for spread in (0.0, 1e-3, 0.3):
        exact = [rng.normal(size=(5, 4)) * 10.0 ** rng.integers(-3, 4) for _ in range(2)]
        errors = [spread * np.abs(values) * rng.random((5, 4)) for values in exact]
        with np.errstate(all="ignore"):
            a, b = (Ball(ar, ar.lift(v), e + ar.u * np.abs(v)) for v, e in zip(exact, errors, strict=True))
            ball = OPERATIONS[name](ar, a, b)
        for _ in range(20):
            operands = [(v + e * rng.choice([-1, 1], (5, 4))).astype(dtype) for v, e in zip(exact, errors, strict=True)]
            with np.errstate(all="ignore"):
                found = OPERATIONS[name](plain, *operands)
            assert np.max(shares(found, ball)) <= 1


def test_a_quotient_by_something_that_may_be_zero_is_not_bounded():
    ar = balls("float32")
    with np.errstate(all="ignore"):
        found = ar.exact(np.ones(2)) / Ball(ar, np.array([1.0, 1.0]), np.array([0.5, 1.0]))
    assert np.isfinite(found.error).tolist() == [True, False]


def test_a_number_that_the_dtype_cannot_hold_is_not_bounded():
    ar = balls("float32")
    big = ar.exact(np.array([3e38, 1.0]))
    with np.errstate(all="ignore"):
        assert np.isinf((big + big).error).tolist() == [True, False]


def test_a_subnormal_input_may_be_read_as_zero():
    found = balls("float32").exact(np.array([1e-40, 1e-30], np.float32))
    assert found.error[0] >= 9e-41
    assert found.error[1] == 0


def test_a_sign_that_is_not_certain_leaves_the_step_unknown():
    ar = balls("float32")
    found = ar.step(Ball(ar, np.array([1.0, -1.0, 1e-9]), np.array([0.1, 0.1, 1e-8])))
    assert (found.value.tolist(), found.error.tolist()) == ([1.0, 0.0, 1.0], [0.0, 0.0, 1.0])


def test_float64_is_computed_with_thirty_digits():
    ar = balls("float64")
    third = ar.exact(np.array([1.0])) / ar.exact(np.array([3.0]))
    assert abs(float((third.value * 3.0 - 1.0)[0])) < 1e-30


def off_by(terms, dtype="float32"):
    """What adding the terms up may be off by, in roundings of the dtype."""
    ar = balls(dtype)
    return ar.adding(np.array(terms, float).reshape(-1, 1), (0,))[1].item() / ar.u


def test_every_sum_of_a_few_terms_is_rounded_in_the_worst_order_and_every_term_once():
    assert off_by([1.0, 2.0, 4.0]) == (4 + 2) + (4 + 2 + 1) + 7
    assert off_by([1.0, -2.0, 4.0]) == 5 + 5 + 7


def test_equal_terms_of_a_sum_are_given_the_worst_case():
    different = np.abs(np.random.default_rng(0).normal(size=400))
    assert off_by(np.ones(400)) == pytest.approx(sum(range(2, 401)) + 400)
    assert off_by(different) < 120 * different.sum()


def test_terms_that_leave_one_remainder_are_given_the_worst_case():
    terms = np.random.default_rng(0).permutation(np.arange(400.0) * 2.0**20)
    assert off_by(terms + 1) > 2 * off_by(terms + np.random.default_rng(1).random(400) * 64)


def test_a_variance_is_not_judged_where_the_error_of_the_mean_makes_its_sum_overflow():
    ar = balls("float32")
    with np.errstate(all="ignore"):
        x = ar.exact(np.full((256, 1), 2.5e24))
        assert np.isinf(ar.variance(x, ar.mean(x, (0,)), (0,)).error).all()


WHOLE = np.random.default_rng(0).integers(-99, 100, (512, 1)).astype(float)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_mean_whose_sums_are_exact_is_allowed_an_operation_on_each_value(dtype):
    ar = balls(dtype)
    found = ar.mean(ar.exact(WHOLE), (0,))
    assert found.error <= 3 * ar.u * np.abs(WHOLE).mean()
    assert ar.mean(ar.exact(WHOLE[1:]), (0,)).error > 3 * found.error
    assert ar.mean(ar.exact(WHOLE + 2.0**20), (0,)).error > 3 * ar.u * 2.0**20 or dtype == "float64"
    assert ar.mean(Ball(ar, ar.lift(WHOLE), 0 * WHOLE + ar.u), (0,)).error > 3 * found.error


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_variance_whose_sums_are_exact_is_allowed_a_few_roundings(dtype):
    ar, x = balls(dtype), np.concatenate([WHOLE, -WHOLE])
    found = ar.variance(ar.exact(x), ar.mean(ar.exact(x), (0,)), (0,))
    assert found.error < 10 * ar.u * x.var()
    other = ar.variance(ar.exact(x[1:-1]), ar.mean(ar.exact(x[1:-1]), (0,)), (0,))
    assert other.error > 3 * found.error


def test_the_bound_of_a_sum_holds_for_whole_multiples_whose_roundings_are_ties():
    x = (1000 * np.arange(674)[::-1]).astype(np.float32)
    total = np.float32(0)
    for term in x:
        total += term
    right = balls("float32").sum(balls("float32").exact(x.reshape(-1, 1)), (0,))
    assert abs(float(total) - right.value.item()) <= right.error.item()
