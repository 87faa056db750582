"""Weights and moving statistics carried from one subject to another give the same output in inference.

Why: a model is trained in one framework and served in another.  What one calls its variance must be what the other
divides by.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import inference_variant, layer_example, training_alone
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "differential"
NEEDS = {"inference", "training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    return [training_alone(case)]


def check(subject, case):
    (trained,) = variants(case)
    state = subject.first.run(trained).state(2)[0]
    ported = inference_variant(case, case.first_x, state)
    one, other = (run.y(1) for run in subject.run(ported))
    return near("output in inference with ported weights", other, one, 2 * expected(subject, ported)[1]["y"].error)


def mutant():
    return Traits(epsilon="outside")
