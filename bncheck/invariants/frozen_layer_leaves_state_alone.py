"""A frozen layer changes no weight and no moving statistic, even in training.

Why: fine-tuning freezes the layers of a trained model; if their statistics move to the new data all the same, the
model that was to be kept is lost.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import frozen_variant, layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/keras-team/keras/pull/9965", note="what a frozen batch norm should do")
KIND = "contract"
NEEDS = {"training", "freeze"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [frozen_variant(case)]


def check(subject, case):
    (frozen,) = variants(case)
    return same_state("after training while frozen", subject.run(frozen).state(3), frozen.steps[0].state)


def mutant():
    return Traits(frozen_layer="updates")
