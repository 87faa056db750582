"""A compiled call in training moves the moving statistics as the law says, and one in inference does not.

Why: updates are side effects, which a compiler may lose, repeat or compute from another variance.
"""

from bncheck.cases.case import State
from bncheck.cases.mode_strategies import OFFSET, compiled, compiled_cases
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/118701",
    note="XLA's variance is E[x^2] - E[x]^2",
)
KIND = "reference"
NEEDS = {"compiled", "training"}
CASES = compiled_cases
EXAMPLES = [
    compiled(layer_example([[[[0.0]]], [[[8.0]]]], layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "graph"),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    names = {"moving_mean": "moving mean", "moving_variance": "moving variance"}
    return max(
        close(f"{what} after a compiled call", trace.state(i)[0][name], right[i]["state"][0][name])
        for i in case.where(State)
        for name, what in names.items()
    )


def mutant():
    return Traits(compiled="one_pass")
