"""In training a bias before batch norm changes no output, and its gradient is zero.

Why: the mean takes the bias out, so layers before a batch norm are built without one; whoever leaves it in must lose
memory, and nothing else.
"""

import numpy as np

from bncheck.cases.case import Backward, SetState
from bncheck.cases.network import BatchNorm, Dense
from bncheck.cases.network_strategies import dense_norm_cases
from bncheck.cases.variants import network_example
from bncheck.invariants import PAPER, UNCENTRED_GRADIENT
from bncheck.truth.compare import close_to, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(UNCENTRED_GRADIENT)
KIND = "metamorphic"
NEEDS = {"training", "gradients", "networks"}
CASES = dense_norm_cases
EXAMPLES = [network_example(Dense(2), BatchNorm())]


def variants(case):
    dense, norm = case.steps[0].state
    moved = SetState([dense | {"bias": dense["bias"] * -3 + np.sign(dense["bias"])}, norm])
    return [case.but(steps=(moved, *case.steps[1:]))]


def check(subject, case):
    (other,) = variants(case)
    at = case.where(Backward)[0]
    one, two = subject.run(case), subject.run(other)
    right, moved = expected(subject, case)[at], expected(subject, other)[at]
    margin = near("output with another bias before", two.y(at), one.y(at), right["y"].error + moved["y"].error)
    gradient = one.params(at)[0]["bias"]
    none = close_to("gradient for a bias before", gradient, np.zeros_like(gradient), right["params"][0]["bias"])
    return max(margin, none)


def mutant():
    return Traits(variance="uncentred")
