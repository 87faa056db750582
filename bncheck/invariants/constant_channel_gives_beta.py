"""In training a channel of one value throughout comes out as beta, however large the value.

It is judged where there is nothing to round: beta is zero, the number of values is a power of two, and each value has
so few bits that its sums and mean are exact.  Elsewhere the mean may round to a neighbour, off by ulp(x) a.

Why: dead units, masks and borders are constant.  Where x a + (beta - mean a) is rounded once, what is left of mean a
comes out in place of zero, and grows with the value.
"""

import numpy as np

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import constant_channel_cases, has_exact_means
from bncheck.cases.variants import layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import near
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/pytorch/pytorch/issues/5410",
    affected={"torch": ">=1.10.2,<=2.15.0"},
    note="the issue is of an inexact mean, and closed; since 1.10 a multiply-add leaves the rounding of mean a",
)
KIND = "contract"
NEEDS = {"training"}
CASES = constant_channel_cases
EXAMPLES = [layer_example([[1e7 + 1], [1e7 + 1]], state={"gamma": 1.0, "beta": 0.0}, layer=BatchNorm(eps=1e-5))]


def check(subject, case):
    if not has_exact_means(case):
        return None
    (at,) = case.where(Backward, training=True)
    y = subject.run(case).y(at)
    return near("output of a constant channel", y, np.zeros_like(y), np.zeros(y.shape))


def mutant():
    return Traits(affine="fused")
