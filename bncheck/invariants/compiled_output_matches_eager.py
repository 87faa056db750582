"""A compiled call gives the output of an eager one, in inference and in training.

Why: a compiler replaces the kernel that was tested by one that it makes.  Where that takes the variance in one pass,
the model that was right eagerly gives noise when it is deployed.
"""

from bncheck.cases.case import Backward
from bncheck.cases.mode_strategies import compiled_cases, compiled_examples, eager
from bncheck.invariants import XLA
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = XLA.shown_by(1, 3)
KIND = "metamorphic"
NEEDS = {"compiled", "inference", "training", "gradients"}
CASES = compiled_cases
EXAMPLES = compiled_examples()


def variants(case):
    return [eager(case)]


def check(subject, case):
    (plain,) = variants(case)
    if plain.digest == case.digest:
        return None
    one, other, right = subject.run(case), subject.run(plain), expected(subject, case)
    return max(
        near(f"output of a compiled call in {case.steps[i].mode}", one.y(i), other.y(i), 2 * right[i]["y"].error)
        for i in case.where(Backward)
    )


def mutant():
    return Traits(compiled="one_pass")
