"""A batch of one row with several positions for each channel is a batch like any other: output, gradients, statistics.

Why: segmentation and detection train on one image at a time.  A guard that was meant for one value a channel, or a
count that takes rows for positions, meets them first.
"""

from bncheck.cases.case import Backward, State
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import one_image_cases, plain_case
from bncheck.invariants import PAPER, UNCENTRED_GRADIENT
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(UNCENTRED_GRADIENT)
KIND = "reference"
NEEDS = {"training", "gradients"}
CASES = one_image_cases
EXAMPLES = [
    plain_case(BatchNorm(), (1, 3, 1), "float32", normal),
    plain_case(BatchNorm(), (1, 2, 2, 2), "float32", normal),
]


def check(subject, case):
    (at,) = case.where(Backward, training=True)
    last = case.where(State)[-1]
    trace, right = subject.run(case), expected(subject, case)
    margins = [
        close("output of one row", trace.y(at), right[at]["y"]),
        close("gradient for the input of one row", trace.dx(at), right[at]["dx"]),
    ]
    for name, ball in right[at]["params"][0].items():
        margins.append(close(f"gradient for {name} from one row", trace.params(at)[0][name], ball))
    for name, ball in right[last]["state"][0].items():
        margins.append(close(f"{name} after one row", trace.state(last)[0][name], ball))
    return max(margins)


def mutant():
    return Traits(training_gradient="statistics_constant")
