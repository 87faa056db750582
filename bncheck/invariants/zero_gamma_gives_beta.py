"""With a gamma of zero the output in training is beta, and the gradient for the input is zero.

Why: residual networks start their last batch norm with a gamma of zero so that each block begins as the identity; a
layer that puts another gamma in its place begins elsewhere.
"""

import numpy as np

from bncheck.cases.case import Backward, Case, SetState, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://arxiv.org/abs/1706.02677", note="Goyal et al. 2017, section 5.1")
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    if not (case.layer.scale and case.layer.center):
        return []
    x, axis = case.first_x, case.layer.axis
    beta = np.arange(1, x.shape[axis] + 1).astype(x.dtype)
    state = case.steps[0].state[0] | {"gamma": np.zeros_like(beta), "beta": beta}
    (trained,) = case.where(Backward, training=True)
    return [Case(case.network, (SetState([state]), case.steps[trained], State()), case.seed)]


def judged(case):
    return []


def check(subject, case):
    if not (case.layer.scale and case.layer.center):
        return None
    (zero,) = variants(case)
    trace, (trained,) = subject.run(zero), case.where(Backward, training=True)
    right = expected(subject, case)[trained]
    y, dx, axis = trace.y(1), trace.dx(1), zero.layer.axis % trace.y(1).ndim
    beta = zero.steps[0].state[0]["beta"].reshape([-1 if a == axis else 1 for a in range(y.ndim)])
    # Zero times a number is zero, unless the number overflows, as it then does with the case's own gamma.
    exact = [np.where(np.isfinite(right[name].error), 0.0, np.inf) for name in ("y", "dx")]
    margin = near("output with a gamma of zero", y, np.broadcast_to(beta, y.shape), exact[0])
    return max(margin, near("gradient for the input with a gamma of zero", dx, np.zeros_like(dx), exact[1]))


def mutant():
    return Traits(gamma="fixed")
