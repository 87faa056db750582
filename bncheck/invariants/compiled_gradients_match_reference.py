"""A compiled call gives the gradients of the law, in inference and in training.

Why: compilers derive or replace the backward kernel, too; what is wrong there changes what is learnt, and the output
looks right.
"""

from bncheck.cases.case import Backward
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
NEEDS = {"compiled", "gradients"}
CASES = compiled_cases
EXAMPLES = [
    compiled(layer_example([[[[0.0]]], [[[8.0]]]], layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "fused"),
    compiled(layer_example(OFFSET, layer=BatchNorm()), "graph"),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    return max(_margin(trace, right, i, case.steps[i].training) for i in case.where(Backward))


def _margin(trace, right, index, training):
    mode, params = "training" if training else "inference", right[index]["params"][0]
    margins = [close(f"gradient for the input of a compiled call in {mode}", trace.dx(index), right[index]["dx"])]
    found = trace.params(index)[0]
    return max(margins + [close(f"gradient for {n} of a compiled call in {mode}", found[n], params[n]) for n in params])


def mutant():
    return Traits(compiled="one_pass")
