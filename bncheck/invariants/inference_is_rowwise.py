"""In inference a row's output does not depend on the other rows.

Why: a layer that still reads batch statistics predicts differently at every batch size, and no training metric
shows it.
"""

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import inference_of_some_rows, layer_example, some_rows
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [inference_of_some_rows(case)]


def judged(case):
    return []


def check(subject, case):
    (some,) = variants(case)
    at = case.where(Backward, training=False)[0]
    allowed = 2 * expected(subject, case)[at]["y"].error
    whole, rows = subject.run(case).y(at), some_rows(case)
    return near("output of a row without the others", subject.run(some).y(1), whole[rows], allowed[rows])


def mutant():
    return Traits(inference_statistics="batch")
