"""In training, data times 4 with epsilon times 16 give the same output.

Why: the output has no unit.  An epsilon that is added to the deviation instead of the variance, raised to a floor, or
forgotten, has one.
"""

from dataclasses import replace

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
EXAMPLES = [layer_example([[0.0], [0.25]], layer=BatchNorm(eps=1e-2))]
SCALE = 4  # a power of two, so that nothing is rounded


def variants(case):
    x, layer = case.first_x, case.layer
    larger = replace(layer, eps=layer.eps * SCALE**2)
    return [training_alone(case), training_variant(case, x * x.dtype.type(SCALE), layer=larger)]


def judged(case):
    return variants(case)[1:]


def check(subject, case):
    plain, scaled = variants(case)
    allowed = expected(subject, case)[first_training(case)]["y"].error + expected(subject, scaled)[1]["y"].error
    return near("output for scaled data", subject.run(scaled).y(1), subject.run(plain).y(1), allowed)


def mutant():
    return Traits(epsilon="outside")
