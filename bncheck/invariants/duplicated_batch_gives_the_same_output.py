"""In training, a batch and the same batch twice over give each row the same output, and the same moving mean.

The moving variance is the same where its estimator is biased, and follows n / (n - 1) where it is not.

Why: a batch enters by its distribution; a sum that is not divided by its own count, or a count that is off by one,
depends on the size.
"""

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import well_scaled_cases
from bncheck.cases.variants import layer_example, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import alike, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = well_scaled_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], layer=BatchNorm())]


def variants(case):
    x = case.first_x
    return [training_variant(case, x), training_variant(case, np.concatenate([x, x]))]


def check(subject, case):
    (one, right), (twice, doubled) = ((subject.run(v), expected(subject, v)) for v in variants(case))
    wanted, error = (np.concatenate([each, each]) for each in (one.y(1), right[1]["y"].error))
    margins = [near("output of a batch twice over", twice.y(1), wanted, error + doubled[1]["y"].error)]
    for name in ("moving_mean", "moving_variance"):
        found, wanted = (trace.state(2)[0][name] for trace in (twice, one))
        balls = (each[2]["state"][0][name] for each in (doubled, right))
        margins.append(alike(f"{name} after a batch twice over", found, wanted, *balls))
    return max(margins)


def mutant():
    return Traits(rows="all_but_last")
