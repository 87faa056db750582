"""From the same weights and batches, two subjects' SGD steps end in the same weights.

Why: a model that is ported between frameworks should learn alike.  Epsilon in another place, a gradient that misses a
term, a reduction over the wrong axis: each alone stays within the noise of training, and none passes here.
"""

import numpy as np

from bncheck.cases.strategies import training_cases
from bncheck.cases.variants import agreement_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "differential"
NEEDS = {"fit", "networks"}
CASES = training_cases
EXAMPLES = [agreement_example()]
LEARNT = {"kernel", "bias", "gamma", "beta", "moving_mean"}


def check(subject, case):
    one, other = (run.state(2) for run in subject.run(case))
    right = expected(subject, case)[2]["state"]
    margins = [0.0]
    for i, layer in enumerate(right):
        for name in LEARNT & set(layer):
            margins.append(
                near(f"{name} of layer {i} after training", one[i][name], other[i][name], _both(layer[name]))
            )
    return max(margins)


def _both(ball):
    return np.asarray(2 * ball.error)


def mutant():
    return Traits(epsilon="outside")
