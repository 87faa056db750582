"""After any step, refused or not, a layer that is given a state again trains on good data as ever.

Zero channels, no rows, NaN, the largest numbers, negative strides, a moving variance below zero: none ends the process.

Why: one bad request must not take a server down, or leave behind a layer that answers wrongly.
"""

from bncheck.cases.edge_strategies import HOSTILE, hostile_cases, hostile_example
from bncheck.invariants import PAPER
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "contract"
NEEDS = {"inference", "training", "gradients"}
CASES = hostile_cases
EXAMPLES = [hostile_example(kind) for kind in sorted(HOSTILE)]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    if trace.raised and not trace.steps and not case.first_x.size:
        return 0.0  # a layer of no channels may be refused when it is made
    at = len(case.steps) - 2
    margins = [close("output after a hostile step", trace.y(at), right[at]["y"])]
    for name in ("moving_mean", "moving_variance"):
        found, ball = trace.state(at + 1)[0][name], right[at + 1]["state"][0][name]
        margins.append(close(f"{name} after a hostile step", found, ball))
    return max(margins)


def mutant():
    return Traits(after_failure="spoilt")
