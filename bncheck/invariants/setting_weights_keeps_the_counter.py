"""Setting the weights and statistics of a layer keeps its count of batches.

Why: weights that come from elsewhere have no count with them.  Where that sets it to zero, the next batch alone is the
average of all.
"""

from bncheck.cases.case import Batches
from bncheck.cases.mode_strategies import counting_cases, counting_example
from bncheck.cases.network import BatchNorm
from bncheck.invariants import Origin
from bncheck.truth.compare import Violation
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/pytorch/pytorch/issues/110361",
    affected={"torch": ">=1.0.0,<=2.1.2"},
    note="a state without the count set it to zero",
)
KIND = "contract"
NEEDS = {"counter", "training"}
CASES = counting_cases
EXAMPLES = [counting_example([[0.0], [8.0]], [[1.0], [2.0]], layer=BatchNorm())]


def check(subject, case):
    if not case.where(Batches):
        return None
    trace = subject.run(case)
    (before,), (after,) = (trace[i]["batches"] for i in case.where(Batches)[-2:])
    if before != after:
        raise Violation("the count of batches differs once weights are set", None, after, before, 0)
    return 0.0


def mutant():
    return Traits(batch_count="forgotten")
