"""From the same state and input, a layer gives the same bits again: output, gradients and state.

Why: a result that depends on what ran before it cannot be reproduced; it is a hidden state, a race, or memory that was
never written.
"""

from bncheck.cases.case import Backward, Case, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.invariants import Origin
from bncheck.truth.compare import same_bits, same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/keras-team/keras/issues/13214", note="the first training step was another")
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0], [8.0]], layer=BatchNorm())]


def variants(case):
    (trained,) = case.where(Backward, training=True)
    once = (case.steps[0], case.steps[trained], State())
    return [Case(case.network, once * 2, case.seed)]


def check(subject, case):
    (twice,) = variants(case)
    trace = subject.run(twice)
    (first, second), (before, after) = twice.where(Backward), twice.where(State)
    for name, what in (("y", "output"), ("dx", "gradient for the input")):
        same_bits(f"{what} of a second run", trace.array(second, name), trace.array(first, name))
    same_state("in the gradients of a second run", trace.params(second), trace.params(first))
    return same_state("after a second run", trace.state(after), trace.state(before))


def mutant():
    return Traits(memory="first_step")
