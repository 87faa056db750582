"""In training, data times 2^40 or 2^-40, with epsilon scaled alike, give the same output.

Why: the output has no unit, and neither tiny nor huge data are near the ends of float32; an epsilon with a floor, or a
square taken where it overflows, makes one.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.case import Case, Forward, SetState
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import plain_case, well_scaled_cases
from bncheck.invariants import EPSILON_FLOOR
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = EPSILON_FLOOR.shown_by(1)
KIND = "metamorphic"
NEEDS = {"training"}
CASES = well_scaled_cases
EXAMPLES = [
    plain_case(BatchNorm(), (3, 1), "float32", normal),
    plain_case(BatchNorm(), (3, 1, 1, 1), "float32", normal),
]
EXPONENTS = (0, 40, -40)


def variants(case):
    return [_scaled(case, exponent) for exponent in EXPONENTS]


def _scaled(case, exponent):
    layer, x = replace(case.layer, eps=case.layer.eps * 4.0**exponent), case.first_x
    return Case((layer,), (SetState(case.steps[0].state), Forward(np.ldexp(x, exponent), True)), case.seed)


def check(subject, case):
    plain, *scaled = variants(case)
    y, error = subject.run(plain).y(1), expected(subject, plain)[1]["y"].error
    margins = []
    for other, exponent in zip(scaled, EXPONENTS[1:], strict=True):
        allowed = error + expected(subject, other)[1]["y"].error
        margins.append(near(f"output of data times 2^{exponent}", subject.run(other).y(1), y, allowed))
    return max(margins)


def mutant():
    return Traits(epsilon="floor")
