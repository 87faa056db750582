"""On half-precision input the output is what float32 computes, rounded once.

Why: the square of 300 is beyond float16.  A layer that takes its statistics in its input's own precision gives zeros or
NaN on data that it holds easily, and mixed precision is how most models train.
"""

from bncheck.cases.case import Backward, Forward
from bncheck.cases.edge_strategies import layout_example
from bncheck.cases.mode_strategies import half_cases
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.invariants import HALF_LAYER, NO_BFLOAT16, Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = HALF_LAYER.shown_by(1).also(
    Origin(
        "https://github.com/pytorch/pytorch/pull/84410",
        affected={"torch": "==1.12.1"},
        note="bfloat16 that does not lie densely was refused beside float32 weights",
        examples=(2,),
    ),
    NO_BFLOAT16.shown_by(3),
)
KIND = "reference"
NEEDS = {"half", "inference", "training"}
CASES = half_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()).but(half="bfloat16"),
    layer_example([[400.0], [-800.0], [300.0]], layer=BatchNorm()).but(half="float16"),
    layout_example("transposed").but(half="bfloat16"),
    layer_example([[[[0.0]]], [[[8.0]]]], layer=BatchNorm()).but(half="bfloat16"),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    called = case.where(Forward, Backward)
    return max(close(f"output in {case.steps[i].mode}", trace.y(i), right[i]["y"]) for i in called)


def mutant():
    return Traits(precision="half")
