"""On half-precision input the moving statistics are those of float32.

Why: statistics are kept in float32, and a batch variance that was rounded to eleven bits, or that overflowed, stays in
them for as long as the momentum says.
"""

from bncheck.cases.case import State
from bncheck.cases.mode_strategies import half_cases
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.invariants import HALF_WEIGHTS, NO_BFLOAT16, Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/8535",
    affected={"tensorflow": ">=1.14.0,<=2.3.4"},
    note="the whole layer computed in half precision",
    examples=(2,),
    further=(HALF_WEIGHTS, NO_BFLOAT16.shown_by(2)),
)
KIND = "reference"
NEEDS = {"half", "training"}
CASES = half_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()).but(half="bfloat16"),
    layer_example([[400.0], [-800.0], [300.0]], layer=BatchNorm()).but(half="float16"),
    layer_example([[[[100.0]] * 3], [[[108.0]] * 3]], layer=BatchNorm()).but(half="bfloat16"),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    names = {"moving_mean": "moving mean", "moving_variance": "moving variance"}
    return max(
        close(what, trace.state(i)[0][name], right[i]["state"][0][name])
        for i in case.where(State)
        for name, what in names.items()
    )


def mutant():
    return Traits(precision="half")
