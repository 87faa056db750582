"""A layer that was called with a fixed mode keeps it inside a model, whatever mode the model is called with.

Why: fine-tuning calls a frozen part with training off; where the model's own mode overrides it, the statistics that
were to be kept are lost.
"""

from bncheck.cases.case import ForwardFixed, State
from bncheck.cases.mode_strategies import fixed_variant, model_cases, model_example
from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/20285",
    affected={"keras:tensorflow": ">=3.0.0,<=3.15.1", "keras:jax": "==3.15.1", "keras:torch": "==3.15.1"},
    note="which was answered by changing the guide that called the base model with training off",
)
KIND = "contract"
NEEDS = {"fixed_training", "inference", "training"}
CASES = model_cases
EXAMPLES = [model_example([[0.0], [8.0], [2.0]])]


def variants(case):
    return [fixed_variant(case)]


def check(subject, case):
    (fixed,) = variants(case)
    trace, right = subject.run(fixed), expected(subject, fixed)
    margins = [_output(trace, right, i, fixed.steps[i]) for i in fixed.where(ForwardFixed)]
    return max(margins + [_state(trace, right, i) for i in fixed.where(State)])


def _output(trace, right, index, step):
    modes = ["training" if mode else "inference" for mode in (step.fixed, step.training)]
    return close("output of a layer fixed in {} in a model in {}".format(*modes), trace.y(index), right[index]["y"])


def _state(trace, right, index):
    found, wanted = trace.state(index)[0], right[index]["state"][0]
    return max(close(f"{name} after a call with a fixed mode", found[name], wanted[name]) for name in wanted)


def mutant():
    return Traits(fixed_training="overridden")
