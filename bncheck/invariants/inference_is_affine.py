"""In inference the output half way between two inputs is half way between their outputs.

Why: with its statistics fixed the layer is a scale and a shift, and whatever is proved or folded about it stands on
that; a layer that looks at the batch, or clips, is something else.
"""

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import inference_variant, layer_example, training_on_grid
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
    # On a grid the point half way is exact.  As channels beside each other the three take one call.
    one = training_on_grid(case).first_x
    other = np.roll(one, 1, axis=0)
    state = {name: np.tile(value, 3) for name, value in case.steps[0].state[0].items()}
    return [inference_variant(case, np.concatenate([one, other, (one + other) / 2], axis=case.layer.axis), state)]


def _half_way(y, axis):
    """The output half way between the outputs of the first two thirds of the channels."""
    one, other, _ = np.split(y, 3, axis)
    return one / 2 + other / 2


def _middle(y, axis):
    """The output for the last third of the channels."""
    return np.split(y, 3, axis)[2]


COMPUTED = {"output half way between two inputs": Computed(_middle, _half_way)}


def check(subject, case):
    (three,) = variants(case)
    y, right, axis = subject.run(three).y(1), expected(subject, three)[1]["y"], case.layer.axis
    allowed = _middle(right.error, axis) + _half_way(right.error, axis)
    allowed = allowed + _middle(right.magnitude, axis) * right.arithmetic.u
    return near("output half way between two inputs", _middle(y, axis), _half_way(y, axis), allowed)


def mutant():
    return Traits(inference_statistics="batch")
