"""In training the gradient for the input goes through the batch's mean and variance.

Why: without those terms training still runs, more slowly and elsewhere.  A uniform cotangent cancels in batch norm, so
the one used here is not uniform.
"""

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER, UNCENTRED_GRADIENT
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(UNCENTRED_GRADIENT)
KIND = "reference"
NEEDS = {"training", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], dy=[[1.0], [-2.0], [0.5]], layer=BatchNorm())]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    trained = case.where(Backward, training=True)
    return max(close("gradient for the input in training", trace.dx(i), right[i]["dx"]) for i in trained)


def mutant():
    return Traits(training_gradient="statistics_constant")
