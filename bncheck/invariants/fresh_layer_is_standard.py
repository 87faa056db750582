"""A new layer's moving mean is 0 and its moving variance 1, so that it infers x / sqrt(1 + epsilon).

Why: a model that is evaluated before it was trained, or whose statistics were never moved, passes its input on; another
start is a trap that no training loss shows.
"""

from bncheck.cases.case import Forward, State
from bncheck.cases.network_strategies import fresh_case, fresh_cases
from bncheck.invariants import PAPER, SINGLE_LAYER, SINGLE_NUMBERS
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(SINGLE_LAYER.shown_by(1, 2), SINGLE_NUMBERS.shown_by(2))
KIND = "reference"
NEEDS = {"inference"}
CASES = fresh_cases
EXAMPLES = [
    fresh_case((2, -1), 1e-3, "float32", 1),
    fresh_case((4, 1), 1e-3, "float64", 1),
    fresh_case((2, -1), 1e-3, "float64", 1),
]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    (at,), (forward,) = case.where(State), case.where(Forward)
    state, wanted = trace.state(at)[0], right[at]["state"][0]
    margins = [close(f"{name} of a new layer", state[name], wanted[name]) for name in wanted]
    return max(*margins, close("output of a new layer", trace.y(forward), right[forward]["y"]))


def mutant():
    return Traits(initial_statistics="zero_variance")
