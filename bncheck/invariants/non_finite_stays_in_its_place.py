"""In inference a NaN or an infinity leaves every other output, every other gradient and the state alone.

Why: a served batch holds many users' rows; one that is broken must spoil its own answer, and no other.
"""

import numpy as np

from bncheck.cases.edge_strategies import poisoned
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import near, same_state
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference", "gradients"}
CASES = layer_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()),
    layer_example([[[[0.0, 3.0]]], [[[8.0, 4.0]]]], layer=BatchNorm()),
]


def variants(case):
    return [poisoned(case)[0]]


def check(subject, case):
    (variant,), (_, place) = variants(case), poisoned(case)
    broken, clean, right = subject.run(variant), subject.run(case), expected(subject, case)
    margins = [same_state("after inference on what is not finite", broken.state(2), variant.steps[0].state)]
    elsewhere = np.ones(case.shape, bool)
    elsewhere[place] = False
    for name in ("y", "dx"):
        actual, wanted = (trace.array(1, name)[elsewhere] for trace in (broken, clean))
        allowed = 2 * right[1][name].error[elsewhere]
        margins.append(near(f"{name} beside a number that is not finite", actual, wanted, allowed))
    return max(margins)


def mutant():
    return Traits(inference_statistics="batch")
