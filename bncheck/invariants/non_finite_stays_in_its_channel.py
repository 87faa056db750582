"""A NaN or an infinity in one channel leaves the other channels' output, statistics and gradients alone.

Why: one broken feature or one dead sensor must not take the others with it; a sum over the wrong axis, or a product
with zero in the place of a choice, spreads a NaN over the whole layer.
"""

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
    others = [channel for channel in range(case.shape[axis]) if channel != place[axis]]

    def judge(what, actual, wanted, ball):
        kept = (*[slice(None)] * (axis if actual.ndim > 1 else 0), others)
        error = 2 * ball.error[kept]
        return near(f"{what} beside a channel that is not finite", actual[kept], wanted[kept], error)

    return max(judge(*each) for i in (1, 3) for each in answers(beside, clean, right, i))


def mutant():
    return Traits(non_finite="spreads")
