"""In training the sum of the outputs has no gradient for the input.

Why: it is gamma times zero plus n beta, whatever the data.  Here everything cancels, so that an error of any term shows
whole; and a test of gradients by a loss that sums the outputs sees nothing else.
"""

import numpy as np

from bncheck.cases.case import Backward, Case, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import close_to
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    x = case.first_x
    return [Case(case.network, (case.steps[0], Backward(x, np.ones_like(x), True), State()), case.seed)]


def check(subject, case):
    (summed,) = variants(case)
    found, right = subject.run(summed).dx(1), expected(subject, summed)[1]["dx"]
    return close_to("gradient of the sum of the outputs", found, np.zeros_like(found), right)


def mutant():
    return Traits(training_gradient="statistics_constant")
