"""In inference, gamma = sqrt(moving variance + epsilon) and beta = moving mean make batch norm the identity.

Why: a layer that is set to do nothing must do nothing, or an initialisation to the identity, and every test by hand,
misleads.
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
NEEDS = {"inference"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [identity_variant(case, training=False)]


def check(subject, case):
    (undone,) = variants(case)
    right = expected(subject, undone)[1]["y"]
    return close_to("output in inference, against the input,", subject.run(undone).y(1), case.first_x, right)


def mutant():
    return Traits(inference_statistics="batch")
