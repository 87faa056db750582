"""Given a seed, dropout at rate zero leaves the initial weights of the other layers alone.

Why: without this law, a comparison of dropout rates under one seed is a comparison of other initial weights, too.
"""

from bncheck.cases.case import Case, State
from bncheck.cases.network import Dense, Dropout
from bncheck.cases.network_strategies import zero_dropout_seed_cases
from bncheck.cases.variants import weighted, without
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/10845",
    affected={"tensorflow": ">=1.14.0,<=1.15.5", "tensorflow:graph": ">=2.0.4,<=2.1.4", "keras:tensorflow": "==3.0.0"},
    note="an operation's seed is the number of operations so far; in Keras 3.0 a dropout at rate zero draws a seed",
)
KIND = "metamorphic"
NEEDS = {"seed", "networks"}
CASES = zero_dropout_seed_cases
EXAMPLES = [Case((Dense(1), Dropout(0.0), Dense(1)), (State(),), 1, ((2, 1), "float32"))]


def variants(case):
    return [without(case, Dropout)]


def check(subject, case):
    (plain,) = variants(case)
    with_dropout = weighted(case, subject.run(case).state(0), Dropout)
    return same_state("at the start", with_dropout, subject.run(plain).state(0))


def mutant():
    return Traits(initial_weights="by_position")
