"""On half-precision input and cotangent the gradients are those of float32; that for the input is rounded once.

Why: a gradient that is summed up in half precision loses the small terms, and one that goes through an overflowed
variance is zero or NaN.
"""

from bncheck.cases.case import Backward
from bncheck.cases.mode_strategies import half_cases
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.invariants import HALF_LAYER, HALF_WEIGHTS, Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = HALF_LAYER.also(
    HALF_WEIGHTS,
    Origin(
        "https://github.com/pytorch/pytorch/pull/77496",
        affected={"torch": ">=1.12.1,<=2.13.0"},
        note="whose kernel for channels that lie last in memory sums up in bfloat16",
        examples=(2,),
    ),
)
KIND = "reference"
NEEDS = {"half", "gradients"}
CASES = half_cases
EXAMPLES = [
    layer_example([[0.0], [8.0]], layer=BatchNorm()).but(half="bfloat16"),
    layer_example([[400.0], [-800.0], [300.0]], layer=BatchNorm()).but(half="float16"),
    layer_example([[[0.0, 0.0]] * 2, [[8.0, 8.0]] * 2], dy=[[[1.0, 1.0]] * 2, [[0.0, 0.0]] * 2], layer=BatchNorm()).but(
        half="bfloat16"
    ),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    return max(_margin(trace, right, i, case.steps[i].mode) for i in case.where(Backward))


def _margin(trace, right, index, mode):
    params = right[index]["params"][0]
    margins = [close(f"gradient for the input in {mode}", trace.dx(index), right[index]["dx"])]
    found = trace.params(index)[0]
    return max(margins + [close(f"gradient for {name} in {mode}", found[name], params[name]) for name in params])


def mutant():
    return Traits(precision="half")
