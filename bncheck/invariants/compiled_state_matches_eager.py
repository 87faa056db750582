"""A compiled call moves the moving statistics as an eager one does: in training, and not in inference.

Why: updates are side effects, which a compiler may lose, repeat or compute from another variance.
"""

from bncheck.cases.case import State
from bncheck.cases.mode_strategies import compiled_cases, compiled_examples, eager
from bncheck.invariants import XLA, Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = XLA.shown_by(1, 3).also(
    Origin(
        "https://github.com/pytorch/pytorch/pull/185866",
        affected={"torch": ">=2.13.0,<=2.15.0"},
        note="on the CPU the compiler took a training batch norm apart into reductions of its own",
        examples=(3,),
    )
)
KIND = "metamorphic"
NEEDS = {"compiled", "training", "gradients"}
CASES = compiled_cases
EXAMPLES = compiled_examples()


def variants(case):
    return [eager(case)]


def check(subject, case):
    (plain,) = variants(case)
    if plain.digest == case.digest:
        return None
    one, other, right = subject.run(case), subject.run(plain), expected(subject, case)
    return max(_margin(*(trace[i]["state"][0] for trace in (one, other, right))) for i in case.where(State))


def _margin(found, wanted, right):
    names = ("moving_mean", "moving_variance")
    return max(near(f"{n} after a compiled call", found[n], wanted[n], 2 * right[n].error) for n in names)


def mutant():
    return Traits(compiled="one_pass")
