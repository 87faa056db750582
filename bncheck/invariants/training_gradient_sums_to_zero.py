"""In training the gradient for the input sums to zero over each channel.

Why: moving a whole channel changes no output, so no gradient may ask for it; a term that is missing, or taken over
another count, leaves a sum.
"""

import numpy as np

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import well_scaled_cases
from bncheck.cases.variants import as_rows, layer_example
from bncheck.invariants import PAPER, UNCENTRED_GRADIENT, Computed
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(UNCENTRED_GRADIENT)
KIND = "metamorphic"
NEEDS = {"training", "gradients"}
CASES = well_scaled_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], dy=[[1.0], [-2.0], [0.5]], layer=BatchNorm())]


def _total(dx):
    """The sum over each channel."""
    return dx.sum(axis=0)


COMPUTED = {"sum of the gradient for the input": Computed(_total)}


def check(subject, case):
    (at,) = case.where(Backward, training=True)
    right, axis = expected(subject, case)[at]["dx"], case.layer.axis
    with np.errstate(all="ignore"):
        found = np.asarray(_total(right.arithmetic.lift(as_rows(subject.run(case).dx(at), axis))))
    allowed = as_rows(right.error, axis).sum(axis=0)
    return near("sum of the gradient for the input", found, np.zeros_like(found), allowed)


def mutant():
    return Traits(training_gradient="statistics_constant")
