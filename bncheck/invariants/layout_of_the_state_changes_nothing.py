"""Weights and statistics that lie strided, transposed, reversed or offset in memory act as their copies do.

Why: a parameter may be a slice of a larger one, a buffer shared with another process or an expanded scalar.  A kernel
that takes it for contiguous reads, or writes, its neighbours.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.case import SetState
from bncheck.cases.edge_strategies import layout_cases, layout_example
from bncheck.invariants import Origin
from bncheck.truth.compare import answers, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits
from bncheck.worker.layouts import LAYOUTS

ORIGIN = Origin(
    "https://github.com/pytorch/pytorch/pull/48919",
    affected={"torch": ">=1.10.2,<=2.13.0"},
    note="whose kernel reads gamma and the statistics by pointer in the gradient",
    examples=(3,),
)
KIND = "metamorphic"
NEEDS = {"inference", "training", "gradients", "state_layouts"}
CASES = layout_cases
EXAMPLES = [layout_example(layout) for layout in sorted(LAYOUTS)]


def variants(case):
    layout, (state,) = case.steps[1].layout, case.steps[0].state
    laid = dict(state)
    if layout == "broadcast":  # not what training writes to: the channels would write to one place
        laid = {name: np.full_like(value, value[0]) for name, value in state.items() if "moving" not in name}
    steps = [replace(step, layout=None) if hasattr(step, "layout") else step for step in case.steps]
    return [case.but(steps=(steps[0], SetState([laid], each), *steps[1:])) for each in (layout, None)]


def check(subject, case):
    laid, plain = (subject.run(variant) for variant in variants(case))
    right = expected(subject, variants(case)[1])
    # Training first: it reads no statistics, so that what is read in gamma's place is told alone.
    return max(
        near(f"{what} with a state in another layout", actual, wanted, 2 * ball.error)
        for i in (4, 2)
        for what, actual, wanted, ball in answers(laid, plain, right, i)
    )


def mutant():
    return Traits(memory_layout="ignored")
