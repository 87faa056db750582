"""At any rank, with the channels last or second, output, gradients and statistics are those of the positions as rows.

The estimator of the moving variance may be another at another rank: that is a convention, and reported.

Why: each rank and each place of the channels has a kernel of its own, with its own epsilon and its own way to sum; one
that differs makes a network depend on how its numbers lie in memory.
"""

from bncheck.cases.case import Backward
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.network_strategies import plain_case, well_scaled_cases
from bncheck.cases.variants import as_rows, flat
from bncheck.invariants import PAPER
from bncheck.truth.compare import alike, near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"inference", "training", "gradients"}
CASES = well_scaled_cases
EXAMPLES = [plain_case(BatchNorm(axis=1), (3, 2, 2), "float32", normal)]


def variants(case):
    return [flat(case)]


def check(subject, case):
    (rows,) = variants(case)
    one, other, first, second = subject.run(case), subject.run(rows), expected(subject, case), expected(subject, rows)
    axis, margins = case.layer.axis, []
    for i in case.where(Backward):
        mode = case.steps[i].mode
        for name, what in (("y", "output"), ("dx", "gradient for the input")):
            found, wanted = as_rows(one.array(i, name), axis), other.array(i, name)
            allowed = as_rows(first[i][name].error, axis) + second[i][name].error
            margins.append(near(f"{what} in {mode}, against rank 2,", found, wanted, allowed))
        for name in first[i]["params"][0]:
            found, wanted = (trace.params(i)[0][name] for trace in (one, other))
            balls = (right[i]["params"][0][name] for right in (first, second))
            margins.append(alike(f"gradient for {name} in {mode}, against rank 2,", found, wanted, *balls))
    last = len(case.steps) - 1
    for name in ("moving_mean", "moving_variance"):
        found, wanted = (trace.state(last)[0][name] for trace in (one, other))
        balls = (right[last]["state"][0][name] for right in (first, second))
        margins.append(alike(f"{name}, against rank 2,", found, wanted, *balls))
    return max(margins)


def mutant():
    return Traits(positions="first_of_channels_first")
