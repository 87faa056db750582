"""A float64 layer computes its outputs and gradients in float64, at every rank and channel position.

Why: whoever asks for float64, to check a gradient or to compare with another program, gets seven digits where sixteen
were asked for, in an array that says float64.
"""

from bncheck.cases.case import Backward
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import float64_cases, plain_case
from bncheck.invariants import PAPER, SINGLE_LAYER, SINGLE_NUMBERS, UNCENTRED_GRADIENT
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(UNCENTRED_GRADIENT, SINGLE_LAYER, SINGLE_NUMBERS.shown_by(0))
KIND = "reference"
NEEDS = {"inference", "training", "gradients"}
CASES = float64_cases
EXAMPLES = [
    plain_case(BatchNorm(), (3, 1), "float64", normal),
    plain_case(BatchNorm(axis=1), (3, 2, 2, 2), "float64", normal),
]


def check(subject, case):
    trace, right, margins = subject.run(case), expected(subject, case), []
    for i in case.where(Backward):
        mode = case.steps[i].mode
        margins.append(close(f"float64 output in {mode}", trace.y(i), right[i]["y"]))
        margins.append(close(f"float64 gradient for the input in {mode}", trace.dx(i), right[i]["dx"]))
        for name, ball in right[i]["params"][0].items():
            margins.append(close(f"float64 gradient for {name} in {mode}", trace.params(i)[0][name], ball))
    return max(margins)


def mutant():
    return Traits(precision="single")
