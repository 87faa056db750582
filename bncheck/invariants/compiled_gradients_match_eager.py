"""A compiled call gives the gradients of an eager one, in inference and in training.

Why: compilers derive or replace the backward kernel, too; what is wrong there changes what is learnt, and the output
looks right.
"""

from bncheck.cases.case import Backward
from bncheck.cases.mode_strategies import compiled_cases, compiled_examples, eager
from bncheck.invariants import UNCENTRED_GRADIENT, XLA
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = XLA.shown_by(1, 3).also(UNCENTRED_GRADIENT.shown_by(3))
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
    return max(_margin(one, other, right[i], i, case.steps[i].mode) for i in case.where(Backward))


def _margin(one, other, right, index, mode):
    what = f"of a compiled call in {mode}"
    margins = [near(f"gradient for the input {what}", one.dx(index), other.dx(index), 2 * right["dx"].error)]
    found, wanted, allowed = one.params(index)[0], other.params(index)[0], right["params"][0]
    return max(margins + [near(f"gradient for {n} {what}", found[n], wanted[n], 2 * allowed[n].error) for n in wanted])


def mutant():
    return Traits(compiled="one_pass")
