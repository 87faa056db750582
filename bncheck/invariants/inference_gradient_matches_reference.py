"""In inference the gradient for the input is dy gamma / sqrt(moving variance + epsilon).

Why: saliency maps, adversarial examples and fine-tuning with a fixed batch norm differentiate through inference, where
the statistics are constants.
"""

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "reference"
NEEDS = {"inference", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], dy=[[1.0], [-2.0]], layer=BatchNorm())]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    inferred = case.where(Backward, training=False)
    return max(close("gradient for the input in inference", trace.dx(i), right[i]["dx"]) for i in inferred)


def mutant():
    return Traits(inference_gradient="batch")
