"""Saving a network and loading it back keeps every weight and every moving statistic, to the bit.

Why: moving statistics are no weights, and a format, or a loader that keeps only what is trained, loses them without a
word.
"""

from bncheck.cases.case import State
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import saved_case, saved_cases
from bncheck.invariants import PAPER
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"training", "networks", "save_load"}
CASES = saved_cases
EXAMPLES = [saved_case((BatchNorm(),), "float32", 1)]


def check(subject, case):
    before, after = (subject.run(case).state(i) for i in case.where(State))
    return same_state("after saving and loading", after, before)


def mutant():
    return Traits(stored_state="half_when_loaded")
