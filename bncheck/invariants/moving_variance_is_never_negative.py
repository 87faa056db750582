"""After training the moving variance is never negative.

Why: inference takes its square root.  E[x^2] - E[x]^2 comes out below zero when the mean is far from zero, and the
model that was saved answers NaN.
"""

import numpy as np

from bncheck.cases.case import State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import Computed, Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/google/flax/issues/1491",
    note="the variance was E[x^2] - E[x]^2",
    further=(
        Origin(
            "https://github.com/keras-team/keras/issues/18795",
            affected={"keras:torch": "==3.15.1"},
            note="the variance is E[x^2] - E[x]^2",
        ),
    ),
)
KIND = "contract"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[1000000.0], [1000001.0], [1000002.0]], state={"moving_variance": 0.0}, layer=BatchNorm())]


def _itself(moving_variance):
    """The numbers as they are."""
    return moving_variance


def _floored(moving_variance):
    """The numbers, zero in place of those below."""
    return np.maximum(moving_variance, 0)


COMPUTED = {"moving variance": Computed(_itself, _floored)}


def check(subject, case):
    trace, right, margins = subject.run(case), expected(subject, case), []
    for i in case.where(State):
        found = trace.state(i)[0]["moving_variance"]
        overflows = ~np.isfinite(right[i]["state"][0]["moving_variance"].error)
        margins.append(near("moving variance", found, _floored(found), np.where(overflows, np.inf, 0.0)))
    return max(margins)


def mutant():
    return Traits(variance="one_pass")
