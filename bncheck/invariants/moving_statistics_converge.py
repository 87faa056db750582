"""On one batch, repeated k times, a moving statistic nears the batch's own by the factor momentum^k.

Why: the number of steps until inference can be trusted is read off momentum; a first step that forgets, or a rate that
is another, makes it wrong.
"""

import numpy as np

from bncheck.cases.case import Case, Forward, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import SINGLE_LAYER, SINGLE_MOMENTUM, SINGLE_NUMBERS, Computed, Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/13214",
    note="the first step forgot the stored statistics",
    further=(SINGLE_MOMENTUM.shown_by(1), SINGLE_LAYER.shown_by(1), SINGLE_NUMBERS.shown_by(1)),
)
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], dtype=dtype, layer=BatchNorm()) for dtype in ("float32", "float64")]
STEPS = 4


def _settled(first, start, momentum):
    """Where four equal batches lead, of which the first one leads from the start to there."""
    return start + (first - start) * sum(momentum**i for i in range(4))


COMPUTED = {
    f"{name} after {STEPS} equal batches": Computed(None, _settled, {"first": f"{name}_2", "start": f"{name}_0"})
    for name in ("moving_mean", "moving_variance")
}


def variants(case):
    train = Forward(case.first_x, True)
    return [Case((case.layer,), (case.steps[0], train, State(), *[train] * (STEPS - 1), State()), case.seed)]


def check(subject, case):
    (repeated,) = variants(case)
    trace, right, margins = subject.run(repeated), expected(subject, repeated), []
    # s_k - s_0 is (1 - m^k) (batch - s_0), and s_1 - s_0 is (1 - m) (batch - s_0).
    share, last = _settled(1.0, 0.0, case.layer.momentum), len(repeated.steps) - 1
    for name in ("moving_mean", "moving_variance"):
        early, late = (right[i]["state"][0][name] for i in (2, last))
        lift = late.arithmetic.lift
        start, first = lift(repeated.steps[0].state[0][name]), lift(trace.state(2)[0][name])
        wanted = np.asarray(_settled(first, start, case.layer.momentum))
        allowed = late.error + share * early.error + late.arithmetic.u * abs(wanted)
        allowed = np.where(np.isfinite(late.error + early.error), allowed, np.inf)
        margins.append(near(f"{name} after {STEPS} equal batches", trace.state(last)[0][name], wanted, allowed))
    return max(margins)


def mutant():
    return Traits(memory="first_step")
