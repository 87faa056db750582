"""After each training step the moving variance is momentum times itself plus (1 - momentum) times the batch variance.

The estimator of the batch variance, over n or over n - 1, is a convention: it is measured on the subject, and reported.

Why: frameworks differ in the estimator, so a port of weights is silently off by n / (n - 1); and a variance that
cancels at a large offset leaves inference dividing by noise.
"""

from bncheck.cases.case import State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER, SINGLE_LAYER, SINGLE_MOMENTUM, SINGLE_NUMBERS
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(SINGLE_MOMENTUM.shown_by(1), SINGLE_LAYER.shown_by(1), SINGLE_NUMBERS.shown_by(1))
KIND = "reference"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], [[1.0], [2.0]], [[5.0], [3.0]], layer=BatchNorm()),
    layer_example([[0.0], [8.0]], dtype="float64", layer=BatchNorm()),
    layer_example([[[[0.0]]], [[[8.0]]]], layer=BatchNorm()),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    name, what = "moving_variance", "moving variance"
    return max(close(what, trace.state(i)[0][name], right[i]["state"][0][name]) for i in case.where(State))


def mutant():
    return Traits(running_variance="over_n_plus_one")
