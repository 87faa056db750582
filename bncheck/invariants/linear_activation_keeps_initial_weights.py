"""Given a seed, a linear activation leaves the initial weights of the other layers alone.

Why: a comparison of two networks under one seed is a comparison of two draws where an initialiser's seed depends on how
many operations stood before it; a layer without weights then seems to change what a network can learn.
"""

from bncheck.cases.case import Case, State
from bncheck.cases.network import Dense, Linear
from bncheck.cases.strategies import seed_cases
from bncheck.cases.variants import weighted, without_linear
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/14675",
    affected={"tensorflow": ">=1.12.3,<=1.15.5", "tensorflow:graph": ">=2.0.0,<=2.1.4"},
    note="an operation's seed is the number of operations so far",
)
KIND = "metamorphic"
NEEDS = {"seed", "networks"}
CASES = seed_cases
EXAMPLES = [Case((Dense(1), Linear(), Dense(1)), (State(),), 1, ((2, 1), "float32"))]


def variants(case):
    return [without_linear(case)]


def check(subject, case):
    (plain,) = variants(case)
    with_linear = weighted(case, subject.run(case).state(0))
    return same_state("at the start", with_linear, subject.run(plain).state(0))


def mutant():
    return Traits(initial_weights="by_position")
