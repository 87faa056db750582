"""What the probe asks: fixed cases, and the numbers in them that tell the values of an axis apart.

One layer serves every question of a setting, so that a subject builds it once.  Its channels are experiments of their
own, each made so that few axes show in it: in ``PLAIN`` ones the mean is zero and epsilon too small to be seen, in
``SMALL`` the variance is of epsilon's size, and ``FAR`` ones lie so far from zero that a variance in one pass cancels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from bncheck.cases.case import Backward, Case, Evaluate, Forward, Freeze, SetState, State
from bncheck.cases.network import BatchNorm, Dense, Dropout, Linear
from bncheck.cases.strategies import network_case
from bncheck.cases.trace import Raised
from bncheck.cases.variants import training_example
from bncheck.truth.ball import Ball
from bncheck.truth.compare import Violation, close

SETTINGS = tuple(product((2, 3, 4, 5), ("last", "first"), ("float32", "float64")))
NETWORKS = ((2, "last", "float32"), (2, "last", "float64"))
ONCE = NETWORKS[:1]
PLAIN, SMALL, MEAN, FAR = (0, 5), (1,), (2,), (3, 4)
ALL = slice(None)
EPSILON = 1e-10
LARGE = 2.0**23
SCALES = np.array([LARGE, 1e-5, LARGE, LARGE, LARGE, 2 * LARGE])
ROWS = np.array(
    [
        [-3.0, -3.0, 1.37, 0.37, -1.13, 1.0],
        [-1.0, 1.0, 3.11, -1.13, 0.71, -3.0],
        [1.0, -1.0, 5.73, 0.71, 1.57, -1.0],
        [3.0, 3.0, 2.29, 1.57, 0.37, 3.0],
    ]
)
# How far from zero a variance in one pass has lost two or three digits of its seven or sixteen.
OFFSETS = {"float32": (2.0**8, 2.0**8), "float64": (2.0**8, 2.0**22)}


@dataclass(frozen=True)
class Question:
    """What tells the values of axes apart.

    ``cases(setting)`` are asked; ``seen(setting, *traces)`` is what is looked at, of a subject's traces and of the
    reference's alike: arrays, and plain values.
    """

    axes: tuple
    settings: tuple
    needs: frozenset
    cases: Callable
    seen: Callable


def explains(seen, right):
    """Whether what was seen is what the reference shows, within its bounds."""
    try:
        return len(seen) == len(right) and all(map(_same, seen, right))
    except Violation:
        return False


def _same(found, right):
    if isinstance(found, np.ndarray) and isinstance(right, Ball):
        return close("number", found, right) <= 1
    return type(found) is type(right) and found == right


@cache
def _data(rank, position, dtype):
    rows = ROWS.copy()
    rows[:, FAR] += OFFSETS[dtype]
    return _shaped(rows * SCALES, rank, position, dtype)


def _shaped(rows, rank, position, dtype):
    sides = [1] * (rank - 2)
    shape = (len(rows), *sides, rows.shape[1]) if position == "last" else (*rows.shape, *sides)
    return rows.astype(dtype).reshape(shape)


def _case(setting, *steps):
    """The steps on the one layer, from a state that is far from the batch's."""
    _, position, dtype = setting
    offsets = np.zeros(len(SCALES))
    offsets[list(FAR)] = OFFSETS[dtype]
    state = {
        "moving_mean": (offsets + 2) * SCALES,
        "moving_variance": 3 * SCALES**2,
        "gamma": np.full(len(SCALES), 2.0),
        "beta": np.full(len(SCALES), 0.5),
    }
    start = SetState([{name: value.astype(dtype) for name, value in state.items()}])
    return Case((BatchNorm(0.9, EPSILON, axis=-1 if position == "last" else 1),), (start, *steps))


@cache
def training(setting):
    """Two steps of training, whose batches have other means."""
    x = _data(*setting)
    again = x + _shaped(np.array([SCALES]), *setting)
    return _case(setting, Forward(x, True), State(), Forward(again, True), State())


@cache
def inference(setting):
    """Inference, and the state after it."""
    return _case(setting, Forward(_data(*setting), False), State())


@cache
def gradients(setting):
    """Gradients in inference and in training."""
    x = _data(*setting)
    dy = _shaped(np.arange(ROWS.size).reshape(ROWS.shape) % 5 - 1.0, *setting)
    return _case(setting, Backward(x, dy, False), Backward(x, dy, True))


@cache
def frozen(setting):
    """A step of training with the layer frozen, and the state after it."""
    return _case(setting, Freeze(0, True), Forward(_data(*setting), True), State(), Freeze(0, False))


@cache
def one_value(setting):
    """A step of training on one value a channel, and the state after it."""
    return _case(setting, Forward(_data(*setting)[:1], True), State())


@cache
def linear(setting):
    """A linear activation alone, called and differentiated."""
    return network_case((Linear(),), 3, 2, 1.0, setting[2], 1)


@cache
def dropped(setting):
    """Dropout at rate zero alone, called and differentiated."""
    return network_case((Dropout(0.0),), 3, 2, 1.0, setting[2], 1)


@cache
def new(setting):
    """The state of a new layer."""
    return Case((BatchNorm(),), (State(),), 1, ((2, 2), setting[2]), fresh=True)


@cache
def trained(setting):
    """An epoch of training of two dense layers with a linear activation between them."""
    return training_example()


@cache
def evaluated(setting):
    """Evaluating four rows in batches of three, of which the last has one."""
    state = {"gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}
    start = SetState([{name: np.full(1, value, setting[2]) for name, value in state.items()}])
    x = np.array([[0.0], [1.0], [2.0], [8.0]], setting[2])
    return Case((BatchNorm(),), (start, Evaluate(x, np.zeros_like(x), batch_size=3)))


@cache
def initial(setting, *between):
    """The initial weights of two dense layers."""
    return Case((Dense(2), *between, Dense(1)), (State(),), 1, ((2, 2), setting[2]))


def _output(step, channels):
    return lambda setting, trace, *_: [_channels(trace[step]["y"], setting, channels)]


def _slope(step, channels):
    return lambda setting, trace: [_channels(trace[step]["dx"], setting, channels)]


def _channels(array, setting, channels):
    channels = list(channels)
    return array[:, channels] if setting[1] == "first" else array[..., channels]


def _both_ways(setting, trace):
    return [trace[2]["y"], trace[2]["dx"]]


def _statistic(name, *steps):
    return lambda setting, trace: [trace[step]["state"][0][name][list(PLAIN)] for step in steps]


def _both_outputs(setting, trained, inferred):
    return [_channels(y, setting, SMALL) for y in (trained[1]["y"], inferred[1]["y"])]


def _gamma(setting, trace):
    return [trace[step]["params"][0]["gamma"][list(PLAIN + MEAN)] for step in (1, 2)]


def _numbers_or_refusal(setting, trace):
    try:
        return [_channels(trace[1]["y"], setting, PLAIN), trace[2]["state"][0]["moving_variance"][list(PLAIN)]]
    except Raised as raised:
        if raised.unsupported:
            raise
        return ["refused"]


def _whole_state(setting, trace):
    return [value for _, value in sorted(trace[0]["state"][0].items())]


def _loss(setting, trace):
    loss = trace[1]["loss"]
    return [loss if isinstance(loss, Ball) else np.asarray(loss)]


def _weights(setting, trace):
    return [value for layer in trace[2]["state"] for _, value in sorted(layer.items())]


def _moved(setting, without, having):
    """Which of the initial weights are others where a linear activation stands between the layers."""
    first, second = without[0]["state"], having[0]["state"]
    pairs = zip(first, (second[0], second[2]), strict=True)
    return [bool(np.any(_plain(one["kernel"]) != _plain(other["kernel"]))) for one, other in pairs]


def _plain(array):
    return getattr(array, "value", array)


def _of(*programs):
    return lambda setting: [program(setting) for program in programs]


def _question(axes, programs, seen, settings=SETTINGS, needs=()):
    return Question(tuple(axes.split()), settings, frozenset(needs), _of(*programs), seen)


# In this order: what an answer depends on was answered before.
QUESTIONS = (
    _question("precision rows channels gamma", [training], _output(1, PLAIN), needs={"training"}),
    _question("variance", [training], _output(1, MEAN + FAR), needs={"training"}),
    _question("inference_statistics", [inference], _output(1, PLAIN), needs={"inference"}),
    _question("epsilon", [training, inference], _both_outputs, needs={"training", "inference"}),
    _question(
        "moving_average momentum_precision memory", [training], _statistic("moving_mean", 2, 4), needs={"training"}
    ),
    _question("running_variance", [training], _statistic("moving_variance", 2), needs={"training"}),
    _question("inference_updates", [inference], _statistic("moving_mean", 2), needs={"inference"}),
    _question("frozen_output", [frozen], _output(2, PLAIN), needs={"training", "freeze"}),
    _question("frozen_layer", [frozen], _statistic("moving_mean", 3), needs={"training", "freeze"}),
    _question("batch_of_one", [one_value], _numbers_or_refusal, needs={"training"}),
    _question("inference_gradient", [gradients], _slope(1, PLAIN + MEAN), needs={"gradients", "inference"}),
    _question("training_gradient", [gradients], _slope(2, PLAIN + MEAN), needs={"gradients", "training"}),
    _question("gamma_gradient", [gradients], _gamma, needs={"gradients", "training", "inference"}),
    _question("linear_activation", [linear], _output(1, (0, 1)), NETWORKS, {"networks", "inference"}),
    _question("linear_gradient", [linear], _slope(2, (0, 1)), NETWORKS, {"networks", "gradients", "training"}),
    _question("zero_dropout", [dropped], _both_ways, NETWORKS, {"networks", "gradients", "training"}),
    _question("initial_statistics", [new], _whole_state, ONCE, {"networks"}),
    _question("batch_order", [trained], _weights, ONCE, {"networks", "fit"}),
    _question("evaluation", [evaluated], _loss, ONCE, {"predict", "inference"}),
    _question("initial_weights", [initial, lambda s: initial(s, Linear())], _moved, ONCE, {"networks", "seed"}),
)
# What decides about numbers of the reference, and needs no gradients and no models, which cost more.
NEEDED = tuple(question for question in QUESTIONS if not question.needs & {"gradients", "networks", "predict"})
