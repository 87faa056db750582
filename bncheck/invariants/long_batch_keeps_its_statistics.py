"""A batch of more rows than 16 bits count has the mean, the variance and the output of all its rows.

Why: points of a cloud and pixels of a batch are rows, a hundred thousand and more at a time; a kernel whose grid or
whose counter ends at 65536 loses the rest.  The values are whole, so that no order of adding them up loses a digit, and
what is allowed is a few roundings.
"""

from bncheck.cases.case import Forward, State
from bncheck.cases.network_strategies import long_case, long_cases
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/MegEngine/MegEngine/issues/437", note="more rows than 65535 were refused")
KIND = "reference"
NEEDS = {"training"}
CASES = long_cases
EXAMPLES = [long_case(1, 1)]


def check(subject, case):
    (at,), (after,) = case.where(Forward), case.where(State)
    trace, right = subject.run(case), expected(subject, case)
    margins = [close("output of a long batch", trace.y(at), right[at]["y"])]
    for name in ("moving_mean", "moving_variance"):
        margins.append(close(f"{name} of a long batch", trace.state(after)[0][name], right[after]["state"][0][name]))
    return max(margins)


def mutant():
    return Traits(rows="first_65536")
