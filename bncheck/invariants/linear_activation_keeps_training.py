"""From the same weights and batches, training with a linear activation ends in the same weights, to the bit.

Why: with this law kept and the initial weights moved, a training that changed when a linear activation was added
changed through its seeds, and through nothing else.
"""

from bncheck.cases.strategies import linear_training_cases
from bncheck.cases.variants import training_example, weighted, without_linear
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://stackoverflow.com/questions/58612783", note="trained with and without a linear activation")
KIND = "contract"
NEEDS = {"fit", "networks"}
CASES = linear_training_cases
EXAMPLES = [training_example()]


def variants(case):
    return [without_linear(case)]


def check(subject, case):
    (plain,) = variants(case)
    one, other = subject.run(case), subject.run(plain)
    return same_state("after training", weighted(case, one.state(2)), other.state(2))


def mutant():
    return Traits(batch_order="by_depth")
