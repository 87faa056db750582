"""In training the output is gamma (x - mean) / sqrt(variance + epsilon) + beta, with the batch's mean and variance.

Why: this is batch normalisation.  A variance that cancels at an offset, an epsilon in another place or a lost row
changes what a network learns, and nothing is raised.
"""

from bncheck.cases.case import Backward, Forward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import EPSILON_FLOOR, Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/18795",
    affected={
        "keras:tensorflow": ">=3.0.0,<=3.0.2",
        "keras:jax": ">=3.0.0,<=3.0.2",
        "keras:torch": "==3.15.1",
    },
    note="the variance was E[x^2] - E[x]^2; on torch it still is",
    examples=(1,),
    further=(EPSILON_FLOOR.shown_by(3),),
)
KIND = "reference"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()),
    layer_example([[10000.0], [10001.0], [9999.0], [10000.5]], layer=BatchNorm()),
    layer_example([[float(row)] for row in range(257)], layer=BatchNorm()),  # a row behind every block of kernels
    layer_example([[[[0.0]]], [[[0.01]]]], state={"moving_variance": 1e-5}, layer=BatchNorm(eps=1e-6)),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    trained = case.where(Forward, Backward, training=True)
    return max(close("output in training", trace.y(i), right[i]["y"]) for i in trained)


def mutant():
    return Traits(variance="one_pass")
