"""Data that are moved far from zero leave the moving variance as it is, and move the moving mean with them.

Why: temperatures in kelvin, years and heights above sea level have a mean hundreds of times their deviation; a variance
that cancels there is noise, and inference divides by it.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import grid_shift, layer_example, training_on_grid, training_variant
from bncheck.invariants import Origin
from bncheck.truth.compare import alike
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/18795",
    affected={"keras:tensorflow": "==3.0.0", "keras:torch": "==3.15.1"},
    note="the variance was E[x^2] - E[x]^2; on torch it still is",
)
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0], [2.0]], layer=BatchNorm())]
FAR = 256  # times what grid_shift gives, so that 11 bits below the shift are left: those of the grid


def variants(case):
    x = training_on_grid(case).first_x
    return [training_on_grid(case), training_variant(case, x + grid_shift(x) * x.dtype.type(FAR))]


def check(subject, case):
    (near_zero, right), (far, moved) = ((subject.run(v), expected(subject, v)) for v in variants(case))
    margins = []
    for name in ("moving_mean", "moving_variance"):
        found, wanted = (trace.state(2)[0][name] for trace in (far, near_zero))
        balls = (each[2]["state"][0][name] for each in (moved, right))
        margins.append(alike(f"{name} of data far from zero", found, wanted, *balls))
    return max(margins)


def mutant():
    return Traits(variance="one_pass")
