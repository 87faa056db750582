"""In training one value a channel is refused, or gives beta and the right statistics; more in one row are computed.

Why: the last batch of an epoch is often a single row.  Its unbiased variance is 0 / 0, and a NaN that enters the moving
variance stays there for good.
"""

from bncheck.cases.edge_strategies import attempt_example, one_row_cases
from bncheck.invariants import Origin
from bncheck.truth.attempts import refused_or_right
from bncheck.truth.compare import Violation
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/pytorch/pytorch/issues/4534", note="why one value a channel is refused there")
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = one_row_cases
EXAMPLES = [
    attempt_example([[8.0]]),
    attempt_example([[[[8.0, 3.0]]]]),
    attempt_example([[[8.0, 3.0], [0.0, 1.0]]]),
]


def check(subject, case):
    x = case.steps[1].of.x
    count = x.size // x.shape[case.layer.axis]
    answer = subject.run(case)[1]
    if count > 1 and "raised" in answer:
        raise Violation(f"one row is refused: {answer['raised']}", None, len(x), count, 0)
    return refused_or_right(subject, case)


def mutant():
    return Traits(batch_of_one="not_a_number")
