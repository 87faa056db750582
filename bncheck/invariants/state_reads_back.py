"""A state that is set reads back as it was, to the bit: zeros of either sign, infinities, subnormal numbers.

Why: checkpoints are carried by setting and getting; what is rounded or flushed there is lost once in each round.
"""

from bncheck.cases.case import SetState, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import special_state_case, special_state_cases
from bncheck.invariants import PAPER
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"inference"}
CASES = special_state_cases
EXAMPLES = [special_state_case(BatchNorm(), 9, dtype, 1) for dtype in ("float32", "float64")]


def check(subject, case):
    (given,), (read,) = case.where(SetState), case.where(State)
    return same_state("once set", subject.run(case).state(read), case.steps[given].state)


def mutant():
    return Traits(stored_state="flushed_when_set")
