"""What the drift of numbers is measured on: fixed cases, the same in every run, whatever its seed.

The inputs come from whole numbers alone, so that they are the same to the bit with every NumPy.  Their variance is of
the size of epsilon, and there are two steps of training, so that what a convention changes shows in the numbers.
"""

from functools import cache

import numpy as np

from bncheck.cases.case import Backward, Case, Forward, SetState, State
from bncheck.cases.network import BatchNorm

SHAPES = {2: (17,), 3: (4, 5), 4: (3, 3, 2), 5: (2, 2, 3, 2)}
CHANNELS = 2
MODULUS, FACTOR = 1009, 271
STATE = {"gamma": 2.0, "beta": 0.5, "moving_mean": 0.03125, "moving_variance": 6.1035e-05}
LAYER = {"momentum": 0.9, "eps": 1e-5}


@cache
def cases(setting):
    """The cases of a setting, each with the capabilities that it needs and its quantities.

    A quantity is a name, a step, and the places of its array in the step's answer.
    """
    rank, position, dtype = setting
    layer = BatchNorm(**LAYER, axis=-1 if position == "last" else 1)
    state = {name: np.full(CHANNELS, value, dtype) for name, value in STATE.items()}
    x, again, dy = (_data(rank, position, dtype, start) for start in (1, 5, 11))
    forward = (SetState([state]), Forward(x, False), Forward(x, True), Forward(again, True), State())
    backward = (SetState([state]), Backward(x, dy, False), Backward(x, dy, True))
    return (
        (
            Case((layer,), forward),
            frozenset(["inference", "training"]),
            (
                ("inference output", 1, ("y",)),
                ("training output", 2, ("y",)),
                ("moving mean", 4, ("state", 0, "moving_mean")),
                ("moving variance", 4, ("state", 0, "moving_variance")),
            ),
        ),
        (
            Case((layer,), backward),
            frozenset(["inference", "training", "gradients"]),
            (
                ("inference gradient", 1, ("dx",)),
                ("training gradient", 2, ("dx",)),
                ("gamma's gradient", 2, ("params", 0, "gamma")),
                ("beta's gradient", 2, ("params", 0, "beta")),
            ),
        ),
    )


def _data(rank, position, dtype, start):
    """Numbers about 2**-5, spread over 2**-6."""
    sides = SHAPES[rank]
    numbers = np.arange(start, start + np.prod(sides) * CHANNELS) * FACTOR % MODULUS
    values = (numbers / MODULUS * 2.0**-6 + 2.0**-5).reshape(*sides, CHANNELS)
    return (values if position == "last" else np.moveaxis(values, -1, 1)).astype(dtype, order="C")
