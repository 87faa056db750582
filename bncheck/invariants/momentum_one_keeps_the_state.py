"""With momentum 1 training moves no moving statistic.

Why: it is how statistics are held while the rest goes on learning; a momentum taken the other way round replaces them
at once.
"""

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example, training_alone
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm(momentum=1.0))]


def variants(case):
    return [training_alone(case)] if case.layer.momentum == 1 else []


def check(subject, case):
    if case.layer.momentum != 1:
        return None
    (held,) = variants(case)
    found, right = subject.run(held).state(2)[0], expected(subject, held)[2]["state"][0]
    margins = []
    for name in ("moving_mean", "moving_variance"):
        # Nothing is rounded, but what overflows is no number, and what is subnormal may be flushed.
        allowed = np.where(np.isfinite(right[name].error), right[name].arithmetic.tiny, np.inf)
        margins.append(near(f"{name} with momentum 1", found[name], held.steps[0].state[0][name], allowed))
    return max(margins)


def mutant():
    return Traits(moving_average="swapped")
