"""A layer that was told not to track its statistics leaves them alone in training.

Why: whoever switches the tracking off, to train on other data for a while, keeps the statistics for later; where they
move all the same, no number says so.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example, untracked_variant
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/pytorch/pytorch/issues/20967",
    affected={"torch": ">=1.1.0,<=1.5.1"},
    note="mended by pytorch/pytorch#38084",
)
KIND = "contract"
NEEDS = {"training", "tracking"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [untracked_variant(case)]


def check(subject, case):
    (untracked,) = variants(case)
    return same_state("after training untracked", subject.run(untracked).state(3), untracked.steps[0].state)


def mutant():
    return Traits(tracking_off="updates")
