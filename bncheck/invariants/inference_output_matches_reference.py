"""In inference the output is gamma (x - moving mean) / sqrt(moving variance + epsilon) + beta.

Why: a model is used in inference.  Whatever was learnt, another formula here gives other predictions than training
promised.
"""

from bncheck.cases.case import Backward, Forward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import EPSILON_FLOOR
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = EPSILON_FLOOR.shown_by(1)
KIND = "reference"
NEEDS = {"inference"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], state={"moving_variance": 0.01}, layer=BatchNorm()),
    layer_example([[[[0.0]]], [[[0.01]]]], state={"moving_variance": 1e-5}, layer=BatchNorm(eps=1e-6)),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    inferred = case.where(Forward, Backward, training=False)
    return max(close("output in inference", trace.y(i), right[i]["y"]) for i in inferred)


def mutant():
    return Traits(epsilon="outside")
