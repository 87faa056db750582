"""A compiled call gives the output of the law, in inference and in training, as an eager call does.

Why: a compiler replaces the kernel that was tested by one that it makes.  Where that takes the variance in one pass,
the model that was right eagerly gives noise when it is deployed.
"""

from bncheck.cases.case import Backward, Forward
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
NEEDS = {"compiled", "inference", "training"}
CASES = compiled_cases
EXAMPLES = [
    compiled(layer_example([[[[0.0]]], [[[8.0]]]], layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "graph"),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    called = case.where(Forward, Backward)
    return max(close(_what(case.steps[i]), trace.y(i), right[i]["y"]) for i in called)


def _what(step):
    return f"output of a compiled call in {'training' if step.training else 'inference'}"


def mutant():
    return Traits(compiled="one_pass")
