"""A frozen layer normalises, even in training, with its moving statistics, or by convention with the batch's own.

Which of them is measured on the subject, and reported.

Why: fine-tuning freezes a layer to keep what it does.  The two conventions give other outputs and gradients, and
nothing else says which of them a version has.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import frozen_variant, layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/keras-team/keras/issues/9522")
KIND = "reference"
NEEDS = {"training", "freeze"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [frozen_variant(case)]


def check(subject, case):
    (frozen,) = variants(case)
    return close("output in training while frozen", subject.run(frozen).y(2), expected(subject, frozen)[2]["y"])


def mutant():
    return Traits(epsilon="outside")
