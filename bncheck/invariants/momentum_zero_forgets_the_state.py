"""With momentum 0 the moving statistics after a training step are the batch's own, whatever they were before.

Why: it is how statistics are estimated anew from one large batch; a momentum taken the other way round leaves the old
ones.
"""

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm(momentum=0.0))]
STATISTICS = ("moving_mean", "moving_variance")


def variants(case):
    state = case.steps[0].state[0]
    other = state | {name: state[name] * 3 + 1 for name in STATISTICS}
    return [training_variant(case, case.first_x, each) for each in (state, other)] if case.layer.momentum == 0 else []


def check(subject, case):
    if case.layer.momentum != 0:
        return None
    one, other = variants(case)
    first, second = (subject.run(each).state(2)[0] for each in (one, other))
    right, moved = (expected(subject, each)[2]["state"][0] for each in (one, other))
    margins = [near(f"{n} with momentum 0", second[n], first[n], right[n].error + moved[n].error) for n in STATISTICS]
    return max(margins)


def mutant():
    return Traits(moving_average="swapped")
