"""Predicting and evaluating use the moving statistics, batch by batch, and change no state.

Why: an evaluation that depends on its batch size, or that moves what it evaluates, misleads whoever chooses a model
by it.
"""

from bncheck.cases.case import Evaluate, Predict, State
from bncheck.cases.mode_strategies import model_cases, model_example
from bncheck.invariants import Origin
from bncheck.truth.compare import close, same_state
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/keras-team/keras/issues/6977",
    note="evaluation differed from training",
    further=(
        Origin(
            "https://github.com/keras-team/keras/pull/19363",
            affected={"keras:tensorflow": ">=3.0.0,<=3.1.1"},
            note="the loss was the mean over batches, a smaller last one included",
        ),
    ),
)
KIND = "contract"
NEEDS = {"predict", "inference"}
CASES = model_cases
EXAMPLES = [model_example([[0.0], [8.0], [2.0]])]


def check(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    for i in case.where(State):
        same_state("after predicting or evaluating", trace.state(i), case.steps[0].state)
    margins = [close("prediction", trace.y(i), right[i]["y"]) for i in case.where(Predict)]
    return max(margins + [close("loss", trace.loss(i), right[i]["loss"]) for i in case.where(Evaluate)])


def mutant():
    return Traits(inference_updates="moving")
