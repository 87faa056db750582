"""In training the gradient for the input is orthogonal to the normalised input, but for epsilon's share.

Its product with x - mean sums to gamma times the gradient for gamma, times epsilon / (variance + epsilon).

Why: stretching a channel changes no output, up to epsilon, so no gradient may ask for it; and this ties two gradients
together that a kernel computes apart.
"""

import numpy as np

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import well_scaled_cases
from bncheck.cases.variants import as_rows, layer_example
from bncheck.invariants import PAPER, Computed
from bncheck.truth.ball import magnitude
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training", "gradients"}
CASES = well_scaled_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], dy=[[1.0], [-2.0], [0.5]], layer=BatchNorm())]


def _product(dx, x):
    """The sum of the gradient times x - mean."""
    return (dx * (x - x.mean(axis=0))).sum(axis=0)


def _share(gamma_gradient, x, gamma, eps):
    """Epsilon's share of gamma times its gradient."""
    gap = x - x.mean(axis=0)
    return gamma_gradient * (gamma * eps / ((gap * gap).mean(axis=0) + eps))


COMPUTED = {"product of the gradient and x - mean": Computed(_product, _share)}


def check(subject, case):
    (at,) = case.where(Backward, training=True)
    if not case.layer.scale:
        return None
    trace, right = subject.run(case), expected(subject, case)[at]
    lift, axis = right["dx"].arithmetic.lift, case.layer.axis
    with np.errstate(all="ignore"):
        x = lift(as_rows(case.first_x, axis))
        gamma, eps = lift(case.steps[0].state[0]["gamma"]), lift(case.layer.eps)
        found = np.asarray(_product(lift(as_rows(trace.dx(at), axis)), x))
        wanted = np.asarray(_share(lift(trace.params(at)[0]["gamma"]), x, gamma, eps))
        error, other = as_rows(right["dx"].error, axis), right["params"][0]["gamma"].error
        gap, factor = x - x.mean(axis=0), _share(lift(1.0), x, gamma, eps)
        allowed = (error * magnitude(gap)).sum(axis=0) + other * magnitude(factor)
        allowed = np.where(np.isfinite(error.sum(axis=0) + other), allowed, np.inf)
    return near("product of the gradient and x - mean", found, wanted, allowed)


def mutant():
    return Traits(training_gradient="statistics_constant")
