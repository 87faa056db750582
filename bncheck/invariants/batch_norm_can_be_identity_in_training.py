"""In training, gamma = sqrt(variance + epsilon) and beta = mean, of the batch, make batch norm the identity.

Why: the paper promises that the layer can undo itself, so that nothing a network could represent is lost.  Whoever
doubts a framework's batch norm can check this by hand.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import identity_variant, layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import close_to
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [identity_variant(case, training=True)]


def check(subject, case):
    (undone,) = variants(case)
    right = expected(subject, undone)[1]["y"]
    return close_to("output in training, against the input,", subject.run(undone).y(1), case.first_x, right)


def mutant():
    return Traits(epsilon="outside")
