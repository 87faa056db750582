"""In training each channel of the output has mean beta and variance gamma^2 variance / (variance + epsilon).

Why: this is what the layer is for, said of its output alone; a batch that is not normalised as a whole shows here,
whatever the formula was.
"""

import numpy as np

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import as_rows, layer_example
from bncheck.invariants import PAPER, Computed
from bncheck.truth.ball import magnitude
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], layer=BatchNorm())]


def _centre(y, beta):
    """The mean of each channel, less beta."""
    return (y - beta).mean(axis=0)


def _spread(y, beta):
    """The variance of each channel about beta."""
    return ((y - beta) * (y - beta)).mean(axis=0)


COMPUTED = {"mean of the output, less beta,": Computed(_centre), "variance of the output": Computed(_spread)}


def check(subject, case):
    (at,) = case.where(Backward, training=True)
    right, axis, state = expected(subject, case)[at]["y"], case.layer.axis, case.steps[0].state[0]
    lift = right.arithmetic.lift
    with np.errstate(all="ignore"):
        x, y = (lift(as_rows(array, axis)) for array in (case.first_x, subject.run(case).y(at)))
        gamma, beta = (lift(state.get(name, np.full(y.shape[1], n))) for name, n in (("gamma", 1), ("beta", 0)))
        gap, rest, error = x - x.mean(axis=0), y - beta, as_rows(right.error, axis)
        given = (gap * gap).mean(axis=0)
        wanted = np.asarray(gamma * gamma * given / (given + lift(case.layer.eps)))
        mean, variance = np.asarray(_centre(y, beta)), np.asarray(_spread(y, beta))
        moved = ((2 * magnitude(rest) + error) * error).mean(axis=0)
        moved = np.where(np.isfinite(error.mean(axis=0)), moved, np.inf)
    margin = near("mean of the output, less beta,", mean, np.zeros_like(mean), error.mean(axis=0))
    return max(margin, near("variance of the output", variance, wanted, moved))


def mutant():
    return Traits(rows="all_but_last")
