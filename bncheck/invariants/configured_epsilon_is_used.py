"""Where the variance is small beside epsilon, the output is that of the epsilon which was configured.

It holds at every rank and channel position, in training and in inference.

Why: on data of large variance no epsilon shows; on dead units, and on small activations, epsilon alone sets the scale,
and a kernel that rounds it, raises it or ignores it scales them otherwise.
"""

from bncheck.cases.case import Backward
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import plain_case, small_variance_cases
from bncheck.invariants import EPSILON_FLOOR
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = EPSILON_FLOOR.shown_by(1)
KIND = "reference"
NEEDS = {"inference", "training"}
CASES = small_variance_cases
EXAMPLES = [
    plain_case(BatchNorm(eps=2.0**-20), (3, 1), "float32", normal, scale=2.0**-16),
    plain_case(BatchNorm(eps=2.0**-20), (3, 1, 1, 1), "float32", normal, scale=2.0**-16),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    margins = []
    for i in case.where(Backward):
        mode = case.steps[i].mode
        margins.append(close(f"output beside epsilon in {mode}", trace.y(i), right[i]["y"]))
    return max(margins)


def mutant():
    return Traits(epsilon="floor")
