"""After each training step the moving mean is momentum times itself plus (1 - momentum) times the batch mean.

Why: inference stands on it.  A momentum taken the other way round, or a first step that forgets the stored value, shows
only as a worse model.
"""

from bncheck.cases.case import State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import SINGLE_LAYER, SINGLE_MOMENTUM, SINGLE_NUMBERS, Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/13214",
    note="the first step forgot the stored statistics",
    further=(SINGLE_MOMENTUM.shown_by(1), SINGLE_LAYER.shown_by(1), SINGLE_NUMBERS.shown_by(1)),
)
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
    name, what = "moving_mean", "moving mean"
    return max(close(what, trace.state(i)[0][name], right[i]["state"][0][name]) for i in case.where(State))


def mutant():
    return Traits(moving_average="swapped")
