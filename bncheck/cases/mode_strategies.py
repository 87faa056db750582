"""Strategies for the ways a layer may be called: in half precision, compiled, inside a model, differentiated twice."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from bncheck.cases.case import (
    HALVES,
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
from bncheck.cases.distributions import DISTRIBUTIONS, heavy_tail, normal, uniform
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import SEEDS, batch_norm_state, costing, data, layer_case
from bncheck.cases.variants import layer_example

HALF_PLACES = (
    *(((8, 3), -1), ((33, 2), -1), ((129, 1), -1), ((4, 3, 5), 1)),
    *(((2, 5, 3), -1), ((4, 2, 3, 3), -1), ((3, 2, 1, 2, 4), -1)),
)
HALF_OFFSETS = (0.0, 1.0, -3.0, 30.0)
HALF_SCALES = (1.0, 1e-2, 300.0, 400.0, 1500.0)
LARGEST_HALF = 6e4
OFFSET = [[[[10000.0]]], [[[10001.0]]], [[[9999.0]]], [[[10000.5]]]]
OFFSET_PLACES = [[[[3000.0]], [[3000.2239]]], [[[3001.0]], [[3000.0]]]]


def _choice(*values):
    return st.sampled_from(values)


@costing(0.5)
@lru_cache
def half_cases(seed):
    """One batch norm on half-precision input, of up to the largest numbers there are: inference, then training."""
    return st.builds(
        half_case,
        half=_choice(*HALVES),
        place=_choice(*HALF_PLACES),
        eps=_choice(1e-3, 1e-5),
        distribution=_choice(*DISTRIBUTIONS),
        offset=_choice(*HALF_OFFSETS),
        scale=_choice(*HALF_SCALES),
        seed=SEEDS,
    )


def half_case(half, place, eps, distribution, offset, scale, seed):
    """The program of :func:`half_cases`."""
    (shape, axis), rng = place, np.random.default_rng(seed)
    layer = BatchNorm(eps=eps, axis=axis)
    x = data(rng, distribution, shape, axis, "float32", offset, scale)
    state = [batch_norm_state(rng, layer, shape[axis], "float32", offset, scale)]
    dy = rng.normal(size=shape).astype(np.float32)
    case = layer_case(layer, [np.clip(x, -LARGEST_HALF, LARGEST_HALF)], dy, state, seed)
    return case.but(half=half)


@costing(0.06)
@lru_cache
def compiled_cases(seed):
    """One batch norm in a compiled call, at an offset: the case of one layer, each of its calls compiled."""
    calls = (("graph", (8, 3)), ("graph", (4, 3, 2, 2)), ("fused", (4, 3, 2, 2)))
    return st.builds(
        compiled_case,
        call=_choice(*calls),
        distribution=_choice(normal, uniform, heavy_tail),
        offset=_choice(0.0, 1e4, 3e3, 1e2),
        seed=SEEDS,
    )


def compiled_case(call, distribution, offset, seed):
    """The program of :func:`compiled_cases`."""
    (kind, shape), rng, layer = call, np.random.default_rng(seed), BatchNorm()
    x = data(rng, distribution, shape, -1, "float32", offset)
    state = [batch_norm_state(rng, layer, shape[-1], "float32", offset)]
    return compiled(layer_case(layer, [x], rng.normal(size=shape).astype(np.float32), state, seed), kind)


def compiled_examples():
    """Two rows by the optimising compiler, rows at an offset by each of the two, and rows of places by the first."""
    calls = (([[[[0.0]]], [[[8.0]]]], "fused"), (OFFSET, "fused"), (OFFSET, "graph"), (OFFSET_PLACES, "fused"))
    return [compiled(layer_example(x, layer=BatchNorm()), kind) for x, kind in calls]


def compiled(case, kind):
    """The case with each of its calls compiled."""
    steps = [replace(step, compiled=kind) if isinstance(step, Backward) else step for step in case.steps]
    return case.but(steps=tuple(steps))


def eager(case):
    """The case with none of its calls compiled."""
    return compiled(case, None)


@costing(0.3)
@lru_cache
def second_cases(seed):
    """The second derivatives of one batch norm, in inference and in training, on data that condition them well."""
    return st.builds(
        second_case,
        shape=_choice((4, 2), (9, 3), (3, 2, 3, 2)),
        dtype=_choice("float32", "float32", "float64"),
        affine=_choice(True, False),
        distribution=_choice(normal, uniform),
        offset=_choice(0.0, 1.0, 10.0),
        scale=_choice(1.0, 0.1, 30.0),
        seed=SEEDS,
    )


def second_case(shape, dtype, affine, distribution, offset, scale, seed):
    """The program of :func:`second_cases`."""
    rng, layer = np.random.default_rng(seed), BatchNorm(scale=affine, center=affine)
    x = data(rng, distribution, shape, -1, dtype, offset, scale)
    dy, v = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    return _twice(layer, x, dy, v, [batch_norm_state(rng, layer, shape[-1], dtype, offset, scale)], seed)


def second_example(x, dy, v, layer):
    """The program of :func:`second_case` for nested lists."""
    arrays = [np.array(each, np.float32) for each in (x, dy, v)]
    return _twice(layer, *arrays, layer_example(x, layer=layer).steps[0].state)


def _twice(layer, x, dy, v, state, seed=0):
    return Case((layer,), (SetState(state), *(SecondBackward(x, dy, v, mode) for mode in (False, True))), seed)


@costing(0.05)
@lru_cache
def model_cases(seed):
    """One batch norm inside the framework's own model: predict, evaluate, and calls with a fixed mode."""
    return st.builds(
        model_case, shape=_choice((8, 3), (4, 2, 2, 3)), offset=_choice(0.0, 10.0), rows=_choice(8, 3), seed=SEEDS
    )


def model_example(x):
    """The program of :func:`model_case` for nested lists of an input, in batches of two rows."""
    x, state = np.array(x, np.float32), layer_example(x, layer=BatchNorm()).steps[0].state
    return _modelled(state, x, x[::-1].copy(), 2)


def model_case(shape, offset, rows, seed):
    """Predicting and evaluating, and the state after each."""
    rng, layer = np.random.default_rng(seed), BatchNorm()
    x, y = (data(rng, normal, shape, -1, "float32", offset) for _ in range(2))
    state = [batch_norm_state(rng, layer, shape[-1], "float32", offset)]
    return _modelled(state, x, y, rows, seed)


def _modelled(state, x, y, rows, seed=0):
    steps = (SetState(state), Predict(x, rows), State(), Evaluate(x, y, batch_size=rows), State())
    return Case((BatchNorm(),), steps, seed)


@costing(0.2)
@lru_cache
def counting_cases(seed):
    """One batch norm that trains on a few batches, without a momentum or with one."""
    return st.builds(
        counting_case,
        momentum=_choice(None, 0.9),
        shape=_choice((4, 2), (3, 2, 2, 2)),
        batches=st.integers(1, 4),
        seed=SEEDS,
    )


def counting_example(*inputs, layer):
    """The program of :func:`counting_case` for nested lists of inputs."""
    arrays = [np.array(x, np.float32) for x in inputs]
    return counting(layer, layer_example(*inputs, layer=layer).steps[0].state, arrays)


def counting_case(momentum, shape, batches, seed):
    """Training with inference after each batch, then a batch while frozen; the state and the count after each."""
    rng, layer = np.random.default_rng(seed), BatchNorm(momentum=momentum)
    steps = [SetState([batch_norm_state(rng, layer, shape[-1], "float32")])]
    x = [data(rng, normal, shape, -1, "float32") for _ in range(batches)]
    return counting(layer, steps[0].state, x, seed)


def counting(layer, state, inputs, seed=0):
    """The program of :func:`counting_case`."""
    steps = [SetState(state), Batches()]
    for x in inputs:
        steps += [Forward(x, True), Batches(), State(), Forward(x, False), Batches()]
    steps += [Freeze(0, True), Forward(inputs[0], True), Batches(), Freeze(0, False)]
    return Case((layer,), (*steps, SetState(state), Batches()), seed, fresh=True)


def fixed_variant(case):
    """The case's input through models whose layer was called with a fixed mode, and the state after each."""
    x = next(step.x for step in case.steps if hasattr(step, "x"))
    steps = [case.steps[0]]
    for mode in (False, True):
        steps += [ForwardFixed(x, mode, not mode), State()]
    return Case(case.network, tuple(steps), case.seed)
