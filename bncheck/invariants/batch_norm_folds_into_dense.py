"""In inference, batch norm behind a dense layer is one dense layer with another kernel and bias.

Why: exporters and compilers fold it away, with epsilon and the moving statistics as they are documented; a layer that
computes with others is served as another model.
"""

import numpy as np

from bncheck.cases.case import Case, Forward, SetState
from bncheck.cases.network import BatchNorm, Dense
from bncheck.cases.network_strategies import dense_norm_cases
from bncheck.cases.variants import network_example
from bncheck.invariants import PAPER
from bncheck.truth.ball import magnitude
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference", "networks"}
CASES = dense_norm_cases
EXAMPLES = [network_example(Dense(2), BatchNorm())]


def variants(case):
    dense, norm = ({n: v.astype(np.float64) for n, v in layer.items()} for layer in case.steps[0].state)
    factor = norm["gamma"] / np.sqrt(norm["moving_variance"] + case.layer.eps)
    folded = {
        "kernel": dense["kernel"] * factor,
        "bias": (dense["bias"] - norm["moving_mean"]) * factor + norm["beta"],
    }
    state = SetState([{name: value.astype(case.dtype) for name, value in folded.items()}])
    return [Case(case.network[:1], (state, Forward(case.first_x, False)), case.seed)]


def check(subject, case):
    (folded,) = variants(case)
    at = case.where(Forward)[0]
    right, other = expected(subject, case)[at]["y"], expected(subject, folded)[1]["y"]
    # The folded weights are rounded: what that moves is known exactly.
    allowed = right.error + other.error + magnitude(right.value - other.value)
    return near("output of the folded layer", subject.run(folded).y(1), subject.run(case).y(at), allowed)


def mutant():
    return Traits(epsilon="outside")
