"""A layer counts the batches that it trained on, and no others: none in inference, none while frozen.

Why: the average of all batches divides by this count.
"""

from bncheck.cases.case import Batches
from bncheck.cases.mode_strategies import counting_cases, counting_example
from bncheck.cases.network import BatchNorm
from bncheck.invariants import Origin
from bncheck.truth.compare import Violation
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/pytorch/pytorch/pull/4728", note="the count came with the average of all batches")
KIND = "contract"
NEEDS = {"counter", "training", "freeze"}
CASES = counting_cases
EXAMPLES = [counting_example([[0.0], [8.0]], [[1.0], [2.0]], layer=BatchNorm())]


def check(subject, case):
    if not case.where(Batches):
        return None
    trace, right = subject.run(case), expected(subject, case)
    for i in case.where(Batches)[:-1]:
        (found,), (wanted,) = trace[i]["batches"], right[i]["batches"]
        if found != wanted:
            raise Violation(f"the count of batches at step {i} differs", None, found, wanted, 0)
    return 0.0


def mutant():
    return Traits(batch_count="inference")
