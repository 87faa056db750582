"""An input and a cotangent that are strided, transposed, reversed, broadcast or offset give what their copies give.

Why: a slice, a transpose or an expanded row is a view of other memory.  A kernel that reads past its strides, or picks
another path for them, gives another output for the same numbers.
"""

from dataclasses import replace

from bncheck.cases.edge_strategies import layout_cases, layout_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import answers, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits
from bncheck.worker.layouts import LAYOUTS

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference", "training", "gradients"}
CASES = layout_cases
EXAMPLES = [layout_example(layout) for layout in sorted(LAYOUTS)]


def variants(case):
    plain = [replace(step, layout=None) if hasattr(step, "layout") else step for step in case.steps]
    return [case.but(steps=tuple(plain))]


def check(subject, case):
    (plain,) = variants(case)
    laid, copied, right = subject.run(case), subject.run(plain), expected(subject, plain)
    return max(
        near(f"{what} of an input in another layout", actual, wanted, 2 * ball.error)
        for i in (1, 3)
        for what, actual, wanted, ball in answers(laid, copied, right, i)
    )


def mutant():
    return Traits(memory_layout="ignored")
