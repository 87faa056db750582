"""In training no output of a channel that holds a NaN or an infinity is a number.

Why: a mean over what is not finite is not finite.  A kernel that drops a NaN, or clips it, trains on with numbers that
nobody can tell from right ones.
"""

import numpy as np

from bncheck.cases.edge_strategies import poisoned
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import Violation
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()),
    layer_example([[[[0.0, 3.0]]], [[[8.0, 4.0]]]], layer=BatchNorm()),
]


def variants(case):
    return [poisoned(case)[0]]


def check(subject, case):
    (variant,), (_, place) = variants(case), poisoned(case)
    axis = case.layer.axis % len(case.shape)
    channel = np.take(subject.run(variant).y(3), place[axis], axis=axis)
    hidden = np.argwhere(np.isfinite(channel))
    if len(hidden):
        at = tuple(int(i) for i in hidden[0])
        shown = [*at[:axis], int(place[axis]), *at[axis:]]
        raise Violation("an output is finite where its channel is not", shown, float(channel[at]), np.nan, 0.0)
    return 0.0


def mutant():
    return Traits(non_finite="taken_for_zero")
