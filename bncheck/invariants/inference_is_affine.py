"""In inference the output half way between two inputs is half way between their outputs.

Why: with its statistics fixed the layer is a scale and a shift, and whatever is proved or folded about it stands on
that; a layer that looks at the batch, or clips, is something else.
"""

import numpy as np

from bncheck.cases.case import Case, Forward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example, on_grid
from bncheck.invariants import PAPER, Computed
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0], [1.0]], layer=BatchNorm())]


def variants(case):
    # On a grid the point half way is exact.
    one = on_grid(case.first_x)
    other = np.roll(one, 1, axis=0)
    inputs = (one, other, (one + other) / 2)
    return [Case((case.layer,), (case.steps[0], *(Forward(x, False) for x in inputs)), case.seed)]


def _half_way(y_1, y_2):
    """The output half way between the outputs of the first two steps."""
    return y_1 / 2 + y_2 / 2


COMPUTED = {"output half way between two inputs": Computed(expected=_half_way)}


def check(subject, case):
    (three,) = variants(case)
    trace, right = subject.run(three), expected(subject, three)
    one, other, middle = (trace.y(i) for i in (1, 2, 3))
    first, second, between = (right[i]["y"] for i in (1, 2, 3))
    allowed = between.error + (first.error + second.error) / 2 + between.magnitude * between.arithmetic.u
    return near("output half way between two inputs", middle, _half_way(one, other), allowed)


def mutant():
    return Traits(inference_statistics="batch")
