"""In training masked steps stay out of the statistics, whatever they hold, NaN included, as if they were not there.

Why: sequences of unequal length are padded.  Where the padding enters the statistics, the model depends on how long the
longest sequence of each batch is, and on what the padding holds.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.edge_strategies import masked_cases, masked_example
from bncheck.invariants import MASKS_IGNORED, MASKS_IGNORED_AGAIN, ONE_MASKED_CHANNEL, Origin
from bncheck.truth.compare import near
from bncheck.truth.edges import whole_mask
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = MASKS_IGNORED.also(
    MASKS_IGNORED_AGAIN,
    ONE_MASKED_CHANNEL.shown_by(1),
    Origin(
        "https://github.com/keras-team/keras/pull/18921",
        affected={"tensorflow": ">=2.12.1,<=2.21.0", "keras:tensorflow": ">=3.5.0,<=3.10.0"},
        note="what is masked is multiplied by zero, and NaN is not",
        examples=(2,),
    ),
    Origin(
        "https://github.com/keras-team/keras/pull/18921",
        affected={"keras:tensorflow": ">=3.5.0,<=3.15.1"},
        note="1e-7 is added to the number of steps",
        examples=(3,),
    ),
    Origin(
        "https://github.com/keras-team/keras/issues/19848",
        affected={"keras:tensorflow": "==3.5.0"},
        note="a mask that is broadcast was counted once",
        examples=(4,),
    ),
    Origin(
        "https://github.com/tensorflow/tensorflow/issues/30161",
        affected={"tensorflow": ">=2.12.1,<=2.21.0"},
        note="a fused layer, which one of rank 4 is, ignores a mask and warns",
        examples=(4,),
    ),
)
KIND = "metamorphic"
NEEDS = {"training", "masks"}
CASES = masked_cases
EXAMPLES = [
    masked_example([[[8.0, 1.0], [12.0, 5.0], [0.0, 0.0]]], [[True, True, False]]),
    masked_example([[[8.0], [12.0], [0.0]]], [[True, True, False]]),
    masked_example([[[8.0, 1.0], [12.0, 5.0], [np.nan, 0.0]]], [[True, True, False]]),
    masked_example([[[8.0, 1.0], [12.0, 5.0], [0.0, 0.0]]], [[True, True, False]], dtype="float64"),
    masked_example(np.arange(12.0).reshape(1, 3, 2, 2), [[[True], [True], [False]]]),
]


def variants(case):
    step = case.steps[1]
    if not step.mask.any():
        return []
    cut = replace(step, x=step.x[whole_mask(step.mask, step.x.shape)][(None,) * (step.x.ndim - 2)], mask=None)
    return [case.but(steps=(case.steps[0], cut, case.steps[2]))]


def check(subject, case):
    if not variants(case):
        return None
    (cut,), step = variants(case), case.steps[1]
    masked, alone, right = subject.run(case), subject.run(cut), expected(subject, cut)
    margins = []
    for name, ball in right[2]["state"][0].items():
        found, wanted = masked.state(2)[0][name], alone.state(2)[0][name]
        margins.append(near(f"{name} after masked steps", found, wanted, 2 * ball.error))
    found, row = masked.y(1)[whole_mask(step.mask, step.x.shape)], (0,) * (step.x.ndim - 2)
    return max(*margins, near("output beside masked steps", found, alone.y(1)[row], 2 * right[1]["y"].error[row]))


def mutant():
    return Traits(masks="ignored")
