"""A NaN or an infinity in one channel leaves the other channels' output, statistics and gradients alone.

Why: one broken feature or one dead sensor must not take the others with it; a sum over the wrong axis, or a product
with zero in the place of a choice, spreads a NaN over the whole layer.
"""

import numpy as np

from bncheck.cases.edge_strategies import poisoned
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import answers, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference", "training", "gradients"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0, 3.0], [8.0, 4.0]], layer=BatchNorm()),
    layer_example([[[[0.0, 3.0]]], [[[8.0, 4.0]]]], layer=BatchNorm()),
]


def variants(case):
    return [poisoned(case)[0]]


def check(subject, case):
    if case.shape[case.layer.axis] < 2:
        return None
    axis = case.layer.axis % len(case.shape)
    _, place = poisoned(case)
    (beside,) = (subject.run(variant) for variant in variants(case))
    clean, right = subject.run(case), expected(subject, case)
    others = np.delete(np.arange(case.shape[axis]), place[axis])

    def judge(what, actual, wanted, ball):
        kept, other, error = (a.take(others, axis if a.ndim > 1 else 0) for a in (actual, wanted, ball.error))
        return near(f"{what} beside a channel that is not finite", kept, other, 2 * error)

    return max(judge(*each) for i in (1, 3) for each in answers(beside, clean, right, i))


def mutant():
    return Traits(non_finite="spreads")
