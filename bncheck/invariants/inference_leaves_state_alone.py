"""Inference changes no weight and no moving statistic.

Why: an evaluation in the middle of training must not move what is evaluated, and a served model must give the same
answer tomorrow.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import inference_of_some_rows, layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"inference"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [inference_of_some_rows(case)]


def check(subject, case):
    (inferred,) = variants(case)
    return same_state("after inference", subject.run(inferred).state(2), inferred.steps[0].state)


def mutant():
    return Traits(inference_updates="moving")
