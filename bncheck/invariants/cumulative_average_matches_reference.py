"""Without a momentum the moving statistics are the means of the statistics of all batches so far.

Why: this is how statistics are measured again for averaged weights.  A first batch that shares its weight with the
initial values leaves them in the result for good.
"""

from bncheck.cases.case import State
from bncheck.cases.mode_strategies import counting_cases, counting_example
from bncheck.cases.network import BatchNorm
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://arxiv.org/abs/1803.05407", note="averaging weights (Izmailov and others 2018), section 3.2")
KIND = "reference"
NEEDS = {"counter", "training"}
CASES = counting_cases
EXAMPLES = [counting_example([[0.0], [8.0]], [[1.0], [2.0]], layer=BatchNorm(momentum=None))]


def check(subject, case):
    if case.layer.momentum is not None:
        return None
    trace, right = subject.run(case), expected(subject, case)
    names = {"moving_mean": "mean of the means", "moving_variance": "mean of the variances"}
    return max(
        close(what, trace.state(i)[0][name], right[i]["state"][0][name])
        for i in case.where(State)
        for name, what in names.items()
    )


def mutant():
    return Traits(cumulative_average="of_initial_too")
