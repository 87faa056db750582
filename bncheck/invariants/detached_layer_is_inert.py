"""A layer that is constructed and never added changes neither the initial weights of a network nor its output.

The layers constructed here have no random weights: one that has may draw them at once, from a seed that all share.

Why: whoever comments out one line, `model.add(...)`, and leaves the layer's own, compares a network with itself; where
the two learn differently, the difference is put down to the layer.
"""

from bncheck.cases.case import Forward, State
from bncheck.cases.network import BatchNorm, Dense, Detached
from bncheck.cases.network_strategies import detached_case, detached_cases
from bncheck.cases.variants import weighted, without
from bncheck.invariants import Origin
from bncheck.truth.compare import same_bits, same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://stackoverflow.com/questions/58612783", note="a batch norm that changed what was learnt")
KIND = "metamorphic"
NEEDS = {"seed", "networks", "inference"}
CASES = detached_cases
EXAMPLES = [detached_case((Dense(1), Detached(BatchNorm()), Dense(1)), 1, 1)]


def variants(case):
    return [without(case, Detached)]


def check(subject, case):
    (plain,) = variants(case)
    beside, alone = subject.run(case), subject.run(plain)
    (at,), (forward,) = case.where(State), case.where(Forward)
    same_state("beside a detached layer", weighted(case, beside.state(at), Detached), alone.state(at))
    return same_bits("output beside a detached layer", beside.y(forward), alone.y(forward))


def mutant():
    return Traits(initial_weights="by_position")
