"""In training, adding a number to every value of a channel does not change the output.

Why: the mean is taken out.  A variance that is not taken from the mean, or a mean that loses digits, shows as soon as
the data have an offset.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import grid_shift, layer_example, training_on_grid, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    # On a grid the shifted values are exact, so that both batches have the same deviations.
    x = training_on_grid(case).first_x
    return [training_on_grid(case), training_variant(case, x + grid_shift(x))]


def check(subject, case):
    cases = variants(case)
    allowed = sum(right[1]["y"].error for right in (expected(subject, each) for each in cases))
    plain, shifted = (subject.run(variant).y(1) for variant in cases)
    return near("output for shifted data", shifted, plain, allowed)


def mutant():
    return Traits(variance="uncentred")
