"""More strategies: layers beside batch norm, a layer's beginnings, plain data at every rank, the edges of accuracy.

They are functions of a run's seed, as those of :mod:`bncheck.cases.strategies`; shapes come from few, since a backend
may compile for each.
"""

from functools import lru_cache
from itertools import product

import numpy as np
from hypothesis import strategies as st

from bncheck.cases.case import Case, Forward, SaveLoad, SetState, State
from bncheck.cases.distributions import integers, normal, uniform
from bncheck.cases.network import Activation, BatchNorm, Dense, Detached, Dropout, Linear
from bncheck.cases.strategies import (
    SEEDS,
    batch_norm_state,
    costing,
    data,
    layer_case,
    network_case,
    network_state,
)
from bncheck.cases.variants import as_rows

DTYPES = ("float32", "float64")
SETTINGS = tuple(product((2, 3, 4, 5), (-1, 1)))  # ranks, and where the channels are
WITHOUT_RANDOM_WEIGHTS = (BatchNorm(), Dropout(0.0), Activation("relu"), Linear())
SPECIAL = (0.0, -0.0, 1.0, 0.1, -1e-3, 1e30, -1e-30, 1e-40, np.inf, -np.inf, np.nan)
LONG = 65536


def shape_of(rank, axis, rows, channels, side=2):
    """A shape of that rank whose sides, beside rows and channels, are all alike."""
    sides = (side,) * (rank - 2)
    return (rows, *sides, channels) if axis == -1 else (rows, channels, *sides)


@lru_cache
def _pool(seed, *values):
    """Each setting in each dtype, with one of each of the further values: a layer is built once for each of these."""
    rng = np.random.default_rng([seed, 1])
    return [
        (setting, dtype, *(rng.choice(each).item() for each in values)) for setting, dtype in product(SETTINGS, DTYPES)
    ]


@st.composite
def _with(draw, layers):
    """Two dense layers, perhaps something between them, and one or two of ``layers`` before the last."""
    between = draw(st.sampled_from(((), (BatchNorm(),), (Activation("tanh"),))))
    network = [Dense(draw(st.integers(1, 3))), *between, Dense(draw(st.integers(1, 3)), draw(st.booleans()))]
    for _ in range(draw(st.integers(1, 2))):
        network.insert(draw(st.integers(0, len(network) - 1)), draw(layers))
    return tuple(network)


@costing(0.1)
@lru_cache
def detached_cases(seed):
    """The initial weights and the output of a network beside which layers without random weights are built."""
    layers = st.sampled_from([Detached(layer) for layer in WITHOUT_RANDOM_WEIGHTS])
    return st.builds(detached_case, network=_with(layers), width=st.integers(1, 4), seed=SEEDS)


def detached_case(network, width, seed):
    """The program of :func:`detached_cases`."""
    x = normal(np.random.default_rng(seed), (3, width)).astype("float32")
    return Case(network, (State(), Forward(x, False)), seed)


@costing(0.1)
@lru_cache
def zero_dropout_cases(seed):
    """A small network with dropout at rate zero: inference, then training with gradients."""
    return st.builds(
        network_case,
        network=_with(st.just(Dropout(0.0))),
        rows=st.sampled_from((4, 2, 9)),
        width=st.integers(1, 4),
        scale=st.sampled_from((1.0, 1e-3, 1e3)),
        dtype=st.sampled_from(DTYPES),
        seed=SEEDS,
    )


@costing(0.1)
@lru_cache
def zero_dropout_seed_cases(seed):
    """The initial weights of a network, given its seed, with dropout at rate zero between its layers."""
    return st.builds(
        lambda network, width, seed: Case(network, (State(),), seed, ((2, width), "float32")),
        network=_with(st.just(Dropout(0.0))),
        width=st.integers(1, 4),
        seed=SEEDS,
    )


@costing(0.15)
@lru_cache
def dense_norm_cases(seed):
    """Dense with a bias, then batch norm: inference, then training with gradients."""
    norms = st.builds(BatchNorm, st.just(0.9), st.sampled_from((1e-3, 1e-5)))
    return st.builds(
        network_case,
        network=st.tuples(st.builds(Dense, st.integers(1, 4)), norms),
        rows=st.sampled_from((4, 3, 8, 17)),
        width=st.integers(1, 3),
        scale=st.sampled_from((1.0, 0.1, 100.0)),
        dtype=st.sampled_from(DTYPES),
        seed=SEEDS,
    )


@costing(0.1)
@lru_cache
def fresh_cases(seed):
    """A new layer that infers before anything was set or trained."""
    return st.builds(
        fresh_case, st.sampled_from(SETTINGS), st.sampled_from((1e-3, 1e-5, 0.1)), st.sampled_from(DTYPES), SEEDS
    )


def fresh_case(setting, eps, dtype, seed):
    """The program of :func:`fresh_cases`."""
    rank, axis = setting
    x = data(np.random.default_rng(seed), normal, shape_of(rank, axis, 3, 2), axis, dtype, 1.0, 2.0)
    return Case((BatchNorm(eps=eps, axis=axis),), (State(), Forward(x, False)), seed, fresh=True)


@costing(0.05)
@lru_cache
def saved_cases(seed):
    """A network with a batch norm, trained by one step, saved and loaded."""
    layers = ((BatchNorm(),), (Dense(2), BatchNorm(), Dense(1)), (BatchNorm(), Linear(), BatchNorm()))
    return st.builds(saved_case, st.sampled_from(layers), st.sampled_from(DTYPES), SEEDS)


def saved_case(network, dtype, seed):
    """The program of :func:`saved_cases`."""
    rng = np.random.default_rng(seed)
    x = normal(rng, (4, 2)).astype(dtype)
    steps = (SetState(network_state(rng, network, 2, dtype)), Forward(x, True), State(), SaveLoad(), State())
    return Case(network, steps, seed)


@costing(0.3)
@lru_cache
def special_state_cases(seed):
    """A state of zeros of both signs, subnormal and huge numbers, infinities and NaN, set and read."""
    layers = st.sampled_from((BatchNorm(), BatchNorm(axis=1), BatchNorm(scale=False, center=False)))
    return st.builds(special_state_case, layers, st.sampled_from((1, 4, 9)), st.sampled_from(DTYPES), SEEDS)


def special_state_case(layer, channels, dtype, seed):
    """The program of :func:`special_state_cases`."""
    rng = np.random.default_rng(seed)
    names = batch_norm_state(rng, layer, channels, dtype)
    state = {name: rng.choice(np.array(SPECIAL), channels).astype(dtype) for name in names}
    return Case((layer,), (SetState([state]), State()), seed, ((2, channels), dtype))


def plain_case(layer, shape, dtype, distribution, offset=0.0, scale=1.0, seed=0):
    """The program that most laws judge, without further training steps."""
    rng = np.random.default_rng(seed)
    x = data(rng, distribution, shape, layer.axis, dtype, offset, scale)
    state = batch_norm_state(rng, layer, shape[layer.axis], dtype, offset, scale)
    return layer_case(layer, [x], normal(rng, shape).astype(dtype), [state], seed)


@costing(0.15)
@lru_cache
def one_image_cases(seed):
    """A batch of one row with several positions for each channel."""
    settings = [(rank, axis, channels) for rank, axis in SETTINGS[2:] for channels in (1, 3)]
    return st.builds(
        lambda setting, dtype, offset, seed: plain_case(
            BatchNorm(0.5, axis=setting[1]), shape_of(*setting[:2], 1, setting[2], 3), dtype, normal, offset, seed=seed
        ),
        st.sampled_from(settings),
        st.sampled_from(DTYPES),
        st.sampled_from((0.0, 3.0)),
        SEEDS,
    )


@costing(0.2)
@lru_cache
def well_scaled_cases(seed):
    """Data of the order of one at every rank, with the channels last or second."""
    return st.builds(
        lambda layer, distribution, seed: _well_scaled_case(*layer, distribution, seed),
        st.sampled_from(_pool(seed, (1e-3, 1e-5), (4, 9))),
        st.sampled_from((normal, uniform, integers)),
        SEEDS,
    )


def _well_scaled_case(setting, dtype, eps, rows, distribution, seed):
    layer = BatchNorm(eps=eps, axis=setting[1])
    return plain_case(layer, shape_of(*setting, rows, 3), dtype, distribution, seed=seed)


@costing(0.15)
@lru_cache
def float64_cases(seed):
    """Data in float64 at every rank, with the channels last or second."""
    return st.builds(
        lambda setting, offset, seed: plain_case(
            BatchNorm(axis=setting[1]), shape_of(*setting, 5, 2), "float64", normal, offset, seed=seed
        ),
        st.sampled_from(SETTINGS),
        st.sampled_from((0.0, 3.0, 100.0)),
        SEEDS,
    )


@costing(0.2)
@lru_cache
def small_variance_cases(seed):
    """Data, and moving statistics, whose variance is small beside epsilon, at every rank."""
    return st.builds(
        lambda layer, seed: _small_variance_case(*layer, seed),
        st.sampled_from(_pool(seed, (1e-6, 1e-5, 1e-3, 0.1))),
        SEEDS,
    )


def _small_variance_case(setting, dtype, eps, seed):
    layer = BatchNorm(eps=eps, axis=setting[1])
    return plain_case(layer, shape_of(*setting, 4, 3), dtype, normal, 0.0, eps**0.5 / 64, seed)


@costing(0.2)
@lru_cache
def constant_channel_cases(seed):
    """Channels of one value each, in numbers of rows and positions that are powers of two, and a beta of zero."""
    return st.builds(
        lambda layer, seed: _constant_channel_case(*layer, seed),
        st.sampled_from(_pool(seed, (2, 4, 16), (1e-3, 1e-5))),
        SEEDS,
    )


def _constant_channel_case(setting, dtype, rows, eps, seed):
    return constant_channel_case(BatchNorm(eps=eps, axis=setting[1]), shape_of(*setting, rows, 3), dtype, seed)


def has_exact_means(case):
    """Whether each channel has one value, so short that the sums of its copies, in any order, and the mean are exact.

    That is where the number of copies is a power of two, and leaves the value's bits room in a number of the dtype.
    """
    x = as_rows(case.first_x, case.layer.axis)
    mantissas, _ = np.frexp(x.astype(np.float64))
    whole = np.ldexp(mantissas, _bits(x.dtype, len(x)))
    return len(x).bit_count() == 1 and bool((x == x[:1]).all() and (whole == np.round(whole)).all())


def _bits(dtype, count):
    """The bits of a value that three, or more, times itself up to ``count`` - 1 leave in a number of the dtype."""
    return np.finfo(dtype).nmant + 1 - (int(np.log2(count)) if count > 2 else 0)


def constant_channel_case(layer, shape, dtype, seed):
    """The program of :func:`constant_channel_cases`."""
    rng, channels = np.random.default_rng(seed), shape[layer.axis]
    bits = _bits(dtype, int(np.prod(shape)) // channels)
    whole = rng.integers(2 ** (bits - 1), 2**bits, channels) | 1
    values = (whole * 2.0 ** rng.integers(-bits, 8, channels) * rng.choice((-1, 1), channels)).astype(dtype)
    place = [channels if a == layer.axis % len(shape) else 1 for a in range(len(shape))]
    x = np.ascontiguousarray(np.broadcast_to(values.reshape(place), shape))
    state = batch_norm_state(rng, layer, channels, dtype) | {"beta": np.zeros(channels, dtype)}
    return layer_case(layer, [x], normal(rng, shape).astype(dtype), [state], seed)


@costing(0.04)
@lru_cache
def long_cases(seed):
    """More rows than 16 bits count, whose last ones are unlike the first; their sums are exact in any order."""
    return st.builds(long_case, st.sampled_from((1, 2)), SEEDS)


def long_case(channels, seed):
    """The program of :func:`long_cases`: one training step.

    Each half's distances from its middle cancel, so that the mean is whole; it is near enough to zero for the sums of
    the values, and of their squares, to stay below 2**24.
    """
    rng, layer = np.random.default_rng(seed), BatchNorm()
    middle = rng.integers(-4, 5, channels)
    apart = integers(rng, (LONG // 2, channels))
    x = np.concatenate([middle - 8 + apart, middle - 8 - apart, middle + 8 + apart, middle + 8 - apart])
    steps = (SetState([batch_norm_state(rng, layer, channels, "float32")]), Forward(x.astype("float32"), True), State())
    return Case((layer,), steps, seed)
