"""A training batch in which every step is masked changes no statistic.

Why: there is nothing to take a mean of.  A mean of zero, or of 0 / 0, moves the statistics all the same, and each such
batch of padding moves them further from the data.
"""

import numpy as np

from bncheck.cases.edge_strategies import hidden_cases, masked_example
from bncheck.invariants import MASKS_IGNORED, MASKS_IGNORED_AGAIN, ONE_MASKED_CHANNEL, Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = MASKS_IGNORED.also(
    MASKS_IGNORED_AGAIN,
    ONE_MASKED_CHANNEL.shown_by(1),
    Origin(
        "https://github.com/tensorflow/tensorflow/issues/51792",
        affected={"tensorflow": "==2.12.1"},
        note="moments of no weight were 0 / 0",
    ),
    Origin(
        "https://github.com/keras-team/keras/pull/18921",
        affected={
            "tensorflow": ">=2.15.1,<=2.21.0",
            "keras:tensorflow": ">=3.5.0,<=3.15.1",
            "keras:jax": "==3.15.1",
            "keras:torch": "==3.15.1",
        },
        note="over no steps the mean and the variance are taken for zero",
    ),
)
KIND = "contract"
NEEDS = {"training", "masks"}
CASES = hidden_cases
EXAMPLES = [masked_example(np.full((2, 2, channels), 8.0), np.zeros((2, 2), bool)) for channels in (2, 1)]


def check(subject, case):
    return same_state("after a batch that is masked", subject.run(case).state(2), case.steps[0].state)


def mutant():
    return Traits(mask_count="none_is_zero")
