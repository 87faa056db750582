"""The gradient for gamma is the sum of dy times the normalised input, and for beta the sum of dy.

Why: these two are what the layer learns.  A gradient for gamma that takes the input as it came is right only where the
mean is zero and the deviation one.
"""

from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import Violation, close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "reference"
NEEDS = {"training", "inference", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], dy=[[1.0], [-2.0]], layer=BatchNorm())]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    margins = [_margin(trace, right, i, case.steps[i].mode) for i in case.where(Backward)]
    return max(margins, default=None)


def _margin(trace, right, index, mode):
    found = trace.params(index)[0]
    wanted = right[index]["params"][0]
    if found.keys() != wanted.keys():
        raise Violation(f"other parameters have gradients in {mode}", None, sorted(found), sorted(wanted))
    return max((close(f"gradient for {n} in {mode}", found[n], wanted[n]) for n in wanted), default=0.0)


def mutant():
    return Traits(gamma_gradient="raw_input")
