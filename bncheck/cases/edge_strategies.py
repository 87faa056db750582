"""Strategies that draw cases at the edges: few values or none, other forms, hostile numbers, masks, layouts."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from bncheck.cases.case import Attempt, Backward, Case, Forward, SetState, State, remembered
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import SEEDS, batch_norm_state, costing, data
from bncheck.cases.variants import layer_example
from bncheck.worker.layouts import LAYOUTS

DTYPES = ("float32", "float32", "float64")
LAYERS = (BatchNorm(), BatchNorm(0.5, 1e-5), BatchNorm(0.99, 1e-2, False, False))
ONE_ROW = ((1, 3), (1, 1), (1, 1, 2), (1, 1, 1, 3), (1, 1, 1, 1, 2), (1, 3, 2), (1, 2, 2, 3))
EMPTY = ((0, 3), (0, 1), (0, 2, 3), (0, 2, 2, 2), (0, 1, 2, 1, 2), (2, 0, 3), (2, 0, 2, 2))
SHAPES = ((4, 3), (2, 1), (3, 2, 2), (4, 2, 2, 3), (2, 1, 2, 2, 2))
MASKED = ((3, 4, 2), (2, 3, 1), (5, 7, 3), (2, 2, 8))
LAID = ((8, 3), (33, 16), (5, 3, 4), (4, 5, 3, 7), (3, 2, 3, 2, 5))
FILLINGS = (0.0, 1e3, np.nan, np.inf)
OTHER_DTYPES = ("float32", "float64", "int32", "int64", "bool")
POISONS = (np.nan, np.inf, -np.inf)


class _Draw:
    """One case's layer, its shape with the channels where they belong, and arrays for it."""

    def __init__(self, layer, shape, first, dtype, seed):
        self.first = first and len(shape) > 2
        self.layer, self.dtype, self.seed = replace(layer, axis=1 if self.first else -1), dtype, seed
        self.rng, self.channels = np.random.default_rng(seed), shape[-1]
        self.shape = self.placed(shape)

    def placed(self, shape):
        """A shape with its channels last, as this layer takes it."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.first else tuple(shape)

    def array(self, shape=None, offset=0.0):
        """Data of the layer's shape, or of another one, with the channels where they belong."""
        return data(self.rng, normal, shape or self.shape, -1, self.dtype, offset)

    def state(self):
        """A state that is not the fresh one."""
        return [batch_norm_state(self.rng, self.layer, self.channels, self.dtype)]

    def attempt(self, step, state):
        """The case of one step that may be refused."""
        return attempt_case(self.layer, self.shape, step, state, self.dtype, self.seed)


def attempt_case(layer, shape, step, state, dtype="float32", seed=0):
    """A state, a step that may be refused, and the state after it, for a network that is built for some values."""
    built = tuple(max(n, 2 if i == 0 else 1) for i, n in enumerate(shape))
    return Case((layer,), (SetState(state), Attempt(step), State()), seed, (built, dtype))


def attempt_example(x, step=None, layer=LAYERS[0], dtype="float32"):
    """A training step that may be refused, on ``x``, or ``step`` on a layer for ``x``."""
    x = np.array(x, dtype)
    state = layer_example(np.zeros([max(n, 1) for n in x.shape], dtype), dtype=dtype, layer=layer).steps[0].state
    return attempt_case(layer, x.shape, step or Backward(x, np.ones_like(x), True), state, dtype)


def _draws(shapes, dtypes=DTYPES, first=(False, True)):
    layers, shapes, first, dtypes = (st.sampled_from(values) for values in (LAYERS, shapes, first, dtypes))
    return st.builds(_Draw, layers, shapes, first, dtypes, SEEDS)


@costing(0.3)
@lru_cache
def one_row_cases(seed):
    """A training step, which may be refused, on one row, mostly of one value a channel."""
    return st.builds(_attempted, _draws(ONE_ROW, ("float32",)), st.just(True))


@costing(0.3)
@lru_cache
def empty_cases(seed):
    """A step, which may be refused, on no rows, or on rows of no values."""
    return st.builds(_attempted, _draws(EMPTY), st.sampled_from((True, True, False)))


def _attempted(draw, training):
    x = draw.array(offset=draw.rng.normal())
    return draw.attempt(Backward(x, draw.array(), training), draw.state())


@costing(0.4)
@lru_cache
def malformed_cases(seed):
    """A step that does not fit the layer: another rank, number of channels or dtype, or a state of another length."""
    return st.builds(_malformed, _draws(SHAPES), st.sampled_from(sorted(MALFORMED)), st.booleans())


def _malformed(draw, kind, training):
    state = draw.state()
    return draw.attempt(MALFORMED[kind](draw, training, state), state)


def _other_rank(draw, training, state):
    # Two ranks away: a layer for ranks 2 and 3 takes both.
    rank = len(draw.shape)
    return Forward(draw.array((3,) * (rank + 2 if rank < 4 else rank - 2)), training)


def _other_channels(draw, training, state):
    count = int(draw.rng.choice(sorted({1, draw.channels + 1, 2 * draw.channels} - {draw.channels})))
    shape = list(draw.shape)
    shape[draw.layer.axis] = count
    return Forward(draw.array(tuple(shape)), training)


def _other_dtype(draw, training, state):
    values = np.round(draw.array(offset=0.5) * draw.array().dtype.type(3))
    return Forward(values.astype(str(draw.rng.choice([d for d in OTHER_DTYPES if d != draw.dtype]))), training)


def _other_length(draw, training, state):
    name = str(draw.rng.choice(sorted(state[0])))
    count = int(draw.rng.choice(sorted({1, draw.channels + 1, 2 * draw.channels} - {draw.channels})))
    return SetState([{name: np.resize(state[0][name], count)}])


MALFORMED = {
    "rank": _other_rank,
    "channels": _other_channels,
    "dtype": _other_dtype,
    "length": _other_length,
}


@costing(0.4)
@lru_cache
def hostile_cases(seed):
    """Hostile steps that may be refused, a good state, and training on good data."""
    return st.builds(_hostile, _draws((*SHAPES, (3, 0))), st.sampled_from(sorted(HOSTILE)), st.booleans())


def _hostile(draw, kind, training):
    state = draw.state()
    if kind == "no_epsilon":
        draw.layer = replace(draw.layer, eps=0.0)
    bad = HOSTILE["rank" if not draw.channels else kind](draw, training, state)
    good = draw.array(offset=1.0)
    tried = [Attempt(step) for step in (bad if isinstance(bad, list) else [bad])]
    steps = [SetState(state), *tried, SetState(state), Forward(good, True), State()]
    return Case((draw.layer,), tuple(steps), draw.seed)


def _filled(value):
    def step(draw, training, state):
        x = np.full(draw.shape, value, draw.dtype)
        return Backward(np.where(draw.array() > 0, x, -x), draw.array(), training)

    return step


def _largest(draw, training, state):
    return _filled(np.finfo(draw.dtype).max)(draw, training, state)


def _no_rows(draw, training, state):
    return Backward(draw.array((0, *draw.shape[1:])), draw.array((0, *draw.shape[1:])), training)


def _backwards(draw, training, state):
    return Backward(draw.array(), draw.array(), training, layout="reversed")


def _other_cotangent(draw, training, state):
    return Backward(draw.array(), draw.array((*draw.shape[:-1], draw.shape[-1] + 1)), training)


def _moved_variance(value):
    def steps(draw, training, state):
        variance = np.full(draw.channels, value, draw.dtype)
        return [SetState([{"moving_variance": variance}]), Backward(draw.array(), draw.array(), training)]

    return steps


def _short_state(draw, training, state):
    return [_other_length(draw, training, state), Backward(draw.array(), draw.array(), training)]


HOSTILE = {
    "backwards": _backwards,
    "channels": _other_channels,
    "cotangent": _other_cotangent,
    "empty": _no_rows,
    "infinite": _filled(np.inf),
    "largest": _largest,
    "nan": _filled(np.nan),
    "negative_variance": _moved_variance(-1.0),
    "nan_variance": _moved_variance(np.nan),
    "no_epsilon": _filled(0.0),
    "rank": _other_rank,
    "short_state": _short_state,
    "zero_variance": _moved_variance(0.0),
}


def hostile_example(kind, shape=(2, 2)):
    """Hostile steps of a kind, in training, on a layer of rank 2."""
    return _hostile(_Draw(LAYERS[0], shape, False, "float32", 1), kind, True)


@costing(0.4)
@lru_cache
def masked_cases(seed):
    """A training step on sequences of which some steps are masked, and hold zeros, large numbers, NaN or infinity."""
    return st.builds(_masked, _draws(MASKED, first=(False,)), st.sampled_from(FILLINGS), st.sampled_from((2, 1, 4)))


@costing(0.2)
@lru_cache
def hidden_cases(seed):
    """As ``masked_cases``, with every step masked."""
    return st.builds(_masked, _draws(MASKED, first=(False,)), st.sampled_from(FILLINGS), st.none())


def _masked(draw, filling, share):
    """One step in ``share`` counts, and at least one; or none."""
    x, mask = draw.array(offset=2.0), np.zeros(draw.shape[:-1], bool)
    if share:
        mask.reshape(-1)[draw.rng.permutation(mask.size)[: -(-mask.size // share)]] = True
    return masked_case(draw.layer, np.where(mask[..., None], x, x.dtype.type(filling)), mask, draw.state(), draw.seed)


def masked_case(layer, x, mask, state, seed=0):
    """One training step on an input with a mask."""
    return Case((layer,), (SetState(state), Forward(x, True, mask=mask), State()), seed)


def masked_example(x, mask, dtype="float32"):
    """One training step of an example's layer on an input with a mask."""
    x = np.array(x, dtype)
    state = layer_example(np.zeros_like(x), dtype=dtype, layer=LAYERS[0]).steps[0].state
    return masked_case(LAYERS[0], x, np.array(mask), state)


@costing(0.3)
@lru_cache
def layout_cases(seed):
    """Inference and training with gradients, on an input and a cotangent in one of the layouts of memory."""
    return st.builds(_laid, _draws(LAID), st.sampled_from(sorted(LAYOUTS)))


def _laid(draw, layout):
    x, dy = draw.array(offset=1.0), draw.array()
    if layout == "broadcast":
        x, dy = (np.repeat(array[:1], len(array), axis=0) for array in (x, dy))
    return layout_case(draw.layer, x, dy, draw.state(), layout, draw.seed)


def layout_case(layer, x, dy, state, layout, seed=0):
    """Inference and training on an input and a cotangent in a layout."""
    both = [step for training in (False, True) for step in (Backward(x, dy, training, layout), State())]
    return Case((layer,), (SetState(state), *both), seed)


def layout_example(layout):
    """Two rows of two columns in a layout; equal rows where they are to be broadcast."""
    x = np.array([[1.0, 8.0], [1.0, 8.0]] if layout == "broadcast" else [[0.0, 1.0], [8.0, 3.0]], np.float32)
    state = layer_example(x, layer=LAYERS[0]).steps[0].state
    return layout_case(LAYERS[0], x, np.ones_like(x) if layout == "broadcast" else x[::-1] + 1, state, layout)


@remembered
def poisoned(case):
    """The inference and training of a case of ``layer_cases`` with a number that is not finite in x and dy, and where.

    It has one place in both, which the case's seed chooses.
    """
    place = np.unravel_index(case.seed % case.first_x.size, case.shape)
    value = POISONS[case.seed % len(POISONS)]
    steps = [replace(step, **_with(step, place, value)) if hasattr(step, "x") else step for step in case.steps[:5]]
    return case.but(steps=tuple(steps)), place


def _with(step, place, value):
    found = {name: getattr(step, name).copy() for name in ("x", "dy") if hasattr(step, name)}
    for array in found.values():
        array[place] = value
    return found
