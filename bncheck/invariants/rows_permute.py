"""In training, permuting the rows of a batch permutes the rows of the output and moves the statistics alike.

Why: batch statistics are over a set.  A kernel that loses the last rows, or weighs blocks wrongly, depends on the
order.
"""

import numpy as np

from bncheck.cases.case import remembered
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import first_training, layer_example, training_alone, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0], [1.0]], layer=BatchNorm())]


@remembered
def _order(case):
    return np.roll(np.random.default_rng(case.seed).permutation(len(case.first_x)), 1)


def variants(case):
    return [training_alone(case), training_variant(case, case.first_x[_order(case)])]


def judged(case):
    return []


def check(subject, case):
    plain, permuted = (subject.run(variant) for variant in variants(case))
    right, at, order = expected(subject, case), first_training(case), _order(case)
    margins = [near("output for permuted rows", permuted.y(1), plain.y(1)[order], 2 * right[at]["y"].error[order])]
    for name in ("moving_mean", "moving_variance"):
        one, other = permuted.state(2)[0][name], plain.state(2)[0][name]
        allowed = 2 * right[at + 1]["state"][0][name].error
        margins.append(near(f"{name} for permuted rows", one, other, allowed))
    return max(margins)


def mutant():
    return Traits(rows="all_but_last")
