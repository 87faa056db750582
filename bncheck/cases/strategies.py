"""Strategies that draw cases: a few parameters from Hypothesis, expanded to arrays with NumPy.

Each function takes a run's seed and gives the strategy; laws that name one function share every case drawn from it.
A run has a pool of configurations, because building a layer costs more than calling it.
"""

from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from bncheck.cases.case import Backward, Case, Fit, Forward, SetState, State
from bncheck.cases.distributions import DISTRIBUTIONS
from bncheck.cases.network import ACTIVATIONS, Activation, BatchNorm, Dense, Dropout, Linear

POOL = 32
RANKS = (2, 2, 3, 4, 4, 5)
ROWS = (2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 129, 257)
CHANNELS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65)
SIDES = (1, 2, 3, 5, 7)
OFFSETS = (0.0, 1.0, -3.0, 1e2, 1e4, -1e6)
SCALES = (1.0, 1e-3, 1e3, 1e-6, 1e15, 1e-20, 1e-40)
EPSILONS = (1e-3, 1e-5, 1e-2, 2e-5, 1e-6)
MOMENTA = (0.9, 0.99, 0.5, 0.75, 0.0, 1.0)
MOST = 2200
LONG = ((BatchNorm(0.75), (257, 5), "float32"), (BatchNorm(eps=1e-5), (257, 1), "float64"))
# Drawn as 51 bytes, and below 2**31, which every framework takes: among integers beyond 99 and bytes up to 50
# Hypothesis mixes those that stand in the modules that are loaded (internal/constants_ast.py at 6.170), and the same
# seed would draw other cases in another process.
SEEDS = st.binary(min_size=51, max_size=51).map(lambda drawn: int.from_bytes(drawn[:4], "little") >> 1)


def costing(share):
    """Says on a strategy the share of a run's examples that it gets: to build and train a network costs far more."""

    def mark(cases):
        cases.share = share
        return cases

    return mark


@lru_cache
def layer_cases(seed):
    """One batch norm: inference with gradients, training with gradients, more training steps."""
    pool = _pool(seed)
    return st.builds(
        _layer_case,
        configuration=st.sampled_from(pool),
        distribution=st.sampled_from(DISTRIBUTIONS),
        offset=st.sampled_from(OFFSETS),
        scale=st.sampled_from(SCALES),
        extra=st.integers(0, 2),
        seed=SEEDS,
    )


def _pool(seed):
    """Configurations: a layer, the input's shape and its dtype; the plainest first.

    The number of rows belongs to a configuration, because some backends compile every new shape.  Two are long for
    sure: of those that are dealt the channels may leave room for a few rows alone.
    """
    deal = _Decks(np.random.default_rng([seed, 0]))
    pool = [(BatchNorm(), (2, 1), "float32"), (BatchNorm(eps=1e-5, axis=1), (8, 3), "float32"), *LONG]
    while len(pool) < POOL:
        dtype = "float64" if len(pool) % 4 == 3 else "float32"
        rank = deal(RANKS, dtype)
        axis = deal((-1, 1), dtype, rank)
        affine = deal((True, True, True, False), dtype)
        layer = BatchNorm(deal(MOMENTA, dtype), deal(EPSILONS, dtype, rank, axis), affine, affine, axis)
        sides = [deal(SIDES, rank) for _ in range(rank - 2)]
        most = MOST // (8 if dtype == "float64" else 1)
        channels = max(1, min(deal(CHANNELS, dtype), most // 4 // int(np.prod(sides))))
        rows = max(2, min(deal(ROWS, dtype), most // int(np.prod(sides)) // channels))
        shape = (rows, *sides, channels) if axis == -1 else (rows, channels, *sides)
        pool.append((layer, shape, dtype))
    return tuple(pool)


class _Decks:
    """Deals values in a shuffled order, each before any comes again; every key has a deck of its own."""

    def __init__(self, rng):
        self.rng, self.decks = rng, {}

    def __call__(self, values, *key):
        deck = self.decks.setdefault((values, key), [])
        if not deck:
            deck += [values[i] for i in self.rng.permutation(len(values))]
        return deck.pop()


def _layer_case(configuration, distribution, offset, scale, extra, seed):
    layer, shape, dtype = configuration
    rng = np.random.default_rng(seed)
    inputs = [data(rng, distribution, shape, layer.axis, dtype, offset, scale) for _ in range(2 + extra)]
    state = [batch_norm_state(rng, layer, shape[layer.axis], dtype, offset, scale)]
    dy = _cast(rng.normal(size=inputs[0].shape), dtype)
    return layer_case(layer, inputs, dy, state, seed)


def layer_case(layer, inputs, dy, state, seed=0):
    """The program that most laws judge: see :func:`layer_cases`."""
    x, *more = inputs
    steps = [SetState(state), Backward(x, dy, False), State(), Backward(x, dy, True), State()]
    for again in more:
        steps += [Forward(again, True), State()]
    return Case((layer,), tuple(steps), seed)


def data(rng, distribution, shape, axis, dtype, offset=0.0, scale=1.0):
    """An input of a shape: the distribution's values, its channels along ``axis``, scaled and moved, in the dtype."""
    if axis == 1:
        moved = (shape[0], *shape[2:], shape[1])
        values = np.moveaxis(distribution(rng, moved), -1, 1)
    else:
        values = distribution(rng, shape)
    return _cast((values + offset) * scale, dtype)


def _cast(values, dtype):
    return np.ascontiguousarray(values, dtype)


def batch_norm_state(rng, layer, channels, dtype, offset=0.0, scale=1.0):
    """Weights and moving statistics that fit data of that offset and scale."""
    limit = float(np.finfo(dtype).max) / 1e6
    variance = np.minimum(rng.lognormal(sigma=0.5, size=channels) * scale**2, limit)
    found = {
        "moving_mean": _cast((rng.normal(size=channels) + offset) * scale, dtype),
        "moving_variance": _cast(variance, dtype),
    }
    if layer.scale:
        found["gamma"] = _cast(rng.normal(loc=0.5, size=channels), dtype)
    if layer.center:
        found["beta"] = _cast(rng.normal(size=channels), dtype)
    return found


@st.composite
def _networks(draw, most=3):
    """A network of up to ``most`` layers with one or two linear activations among them."""
    kinds = draw(st.lists(st.sampled_from(("dense", "batch_norm", "activation", "dropout")), max_size=most - 1))
    layers = [draw(_layer(kind)) for kind in kinds]
    for _ in range(draw(st.integers(1, 2))):
        layers.insert(draw(st.integers(0, len(layers))), Linear())
    return tuple(layers)


def _layer(kind):
    if kind == "dense":
        return st.builds(Dense, st.integers(1, 5), st.booleans())
    if kind == "batch_norm":
        return st.builds(BatchNorm, st.sampled_from(MOMENTA[:4]), st.sampled_from(EPSILONS[:3]))
    if kind == "activation":
        return st.builds(Activation, st.sampled_from(ACTIVATIONS))
    return st.just(Dropout(0.0))


def network_state(rng, network, width, dtype):
    """Random weights for every layer of a network of rank 2."""
    state = []
    for layer in network:
        found = {}
        if isinstance(layer, Dense):
            found["kernel"] = _cast(rng.normal(size=(width, layer.units)) / np.sqrt(width), dtype)
            width = layer.units
            if layer.bias:
                found["bias"] = _cast(rng.normal(size=width), dtype)
        elif isinstance(layer, BatchNorm):
            found = batch_norm_state(rng, layer, width, dtype)
        state.append(found)
    return state


def width_after(network, width):
    """The number of columns that a network of rank 2 gives for an input of ``width`` columns."""
    for layer in network:
        width = layer.units if isinstance(layer, Dense) else width
    return width


@costing(0.5)
@lru_cache
def network_cases(seed):
    """A small network with linear activations: inference, then training with gradients."""
    return st.builds(
        network_case,
        network=_networks(),
        rows=st.sampled_from((4, 2, 3, 5, 8, 16, 33)),
        width=st.integers(1, 5),
        scale=st.sampled_from((1.0, 1e-3, 1e3)),
        dtype=st.sampled_from(("float32", "float32", "float64")),
        seed=SEEDS,
    )


def network_case(network, rows, width, scale, dtype, seed):
    """The program of :func:`network_cases`."""
    rng = np.random.default_rng(seed)
    x = _cast(rng.normal(size=(rows, width)) * scale, dtype)
    dy = _cast(rng.normal(size=(rows, width_after(network, width))), dtype)
    state = network_state(rng, network, width, dtype)
    return Case(network, (SetState(state), Forward(x, False), Backward(x, dy, True), State()), seed)


@costing(0.1)
@lru_cache
def linear_training_cases(seed):
    """A few epochs of training of a network with a linear activation between two dense layers."""
    return st.builds(
        fit_case,
        network=_dense_networks(),
        optimizer=st.sampled_from(({"name": "sgd", "learning_rate": 0.05}, {"name": "adam", "learning_rate": 0.01})),
        epochs=st.integers(1, 2),
        seed=SEEDS,
    )


@costing(0.1)
@lru_cache
def training_cases(seed):
    """A few SGD steps on a small network with one batch norm, from given weights, on well-conditioned data."""
    layers = st.builds(
        lambda before, after, norm: (Dense(before), norm, Dense(after)),
        st.integers(2, 4),
        st.integers(1, 2),
        st.builds(BatchNorm, st.just(0.9), st.sampled_from((1e-3, 1e-5))),
    )
    sgd = st.just({"name": "sgd", "learning_rate": 0.02})
    return st.builds(fit_case, network=layers, optimizer=sgd, epochs=st.just(1), seed=SEEDS)


@st.composite
def _dense_networks(draw):
    between = draw(st.lists(st.sampled_from(("batch_norm", "activation", "dropout")), max_size=1))
    layers = [draw(_layer("dense")), *(draw(_layer(kind)) for kind in between), draw(_layer("dense"))]
    layers.insert(draw(st.integers(1, len(layers))), Linear())
    return tuple(layers)


def fit_case(network, optimizer, epochs, seed):
    """Three batches of eight rows, for each epoch."""
    rng = np.random.default_rng(seed)
    x, y = (_cast(rng.normal(size=(24, n)), "float32") for n in (3, width_after(network, 3)))
    state = network_state(rng, network, 3, "float32")
    return Case(network, (SetState(state), Fit(x, y, "mse", optimizer, 8, epochs), State()), seed)


@costing(0.3)
@lru_cache
def seed_cases(seed):
    """The initial weights of a network, given its seed, with linear activations between its layers."""
    return st.builds(
        lambda network, width, seed: Case(network, (State(),), seed, ((2, width), "float32")),
        network=_dense_networks(),
        width=st.integers(1, 5),
        seed=SEEDS,
    )
