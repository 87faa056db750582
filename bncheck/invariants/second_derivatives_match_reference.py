"""The gradient of sum(dx * v) is that of the law, for the input and for the cotangent.

Why: gradient penalties, meta-learning and Hessian products differentiate the gradient.  The kernel for it is written by
hand, and few tests ever reach it.
"""

from bncheck.cases.case import SecondBackward
from bncheck.cases.mode_strategies import second_cases, second_example
from bncheck.cases.network import BatchNorm
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/pull/19609",
    affected={"tensorflow": ">=1.14.0,<=2.21.0", "keras:tensorflow": ">=3.0.0,<=3.15.1"},
    note="moments take the mean in the variance for a constant, which the gradient alone can bear",
)
KIND = "reference"
NEEDS = {"second_derivatives", "inference", "training"}
CASES = second_cases
EXAMPLES = [second_example([[0.0], [8.0], [2.0]], [[1.0], [-2.0], [0.5]], [[0.5], [1.0], [-1.0]], BatchNorm())]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    return max(_margin(trace, right, i, case.steps[i].mode) for i in case.where(SecondBackward))


def _margin(trace, right, index, mode):
    names = {
        "dx": "gradient for the input",
        "ddx": "second derivative for the input",
        "ddy": "second derivative for the cotangent",
    }
    return max(close(f"{what} in {mode}", trace.array(index, n), right[index][n]) for n, what in names.items())


def mutant():
    return Traits(second_gradient="deviation_constant")
