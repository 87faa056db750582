"""In training a channel's output does not depend on the other channels.

Why: batch norm normalises each channel alone; an axis that is reduced by mistake mixes them, and the output still looks
normalised.
"""

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import first_training, layer_example, training_alone, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0, 3.0], [8.0, 4.0]], layer=BatchNorm())]


def _beside(case):
    """The case's channels with a large one of other data behind them."""
    x, axis = case.first_x, case.layer.axis
    rows = np.arange(len(x), dtype=x.dtype) * x.dtype.type(1000) - x.dtype.type(7)
    shape = [len(x) if a == 0 else 1 for a in range(x.ndim)]
    large = np.broadcast_to(rows.reshape(shape), np.take(x, [0], axis=axis).shape)
    state = {name: np.append(value, value[:1]) for name, value in case.steps[0].state[0].items()}
    return training_variant(case, np.ascontiguousarray(np.concatenate([x, large], axis=axis)), state)


def variants(case):
    return [training_alone(case), _beside(case)]


def judged(case):
    return []


def check(subject, case):
    alone, beside = (subject.run(variant) for variant in variants(case))
    allowed = 2 * expected(subject, case)[first_training(case)]["y"].error
    first = np.take(beside.y(1), np.arange(case.shape[case.layer.axis]), axis=case.layer.axis)
    return near("output beside another channel", first, alone.y(1), allowed)


def mutant():
    return Traits(channels="last_takes_first")
