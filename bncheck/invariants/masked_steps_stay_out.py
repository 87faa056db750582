"""In training masked steps stay out of the statistics, whatever they hold, NaN included, as if they were not there.

Why: sequences of unequal length are padded.  Where the padding enters the statistics, the model depends on how long the
longest sequence of each batch is, and on what the padding holds.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.edge_strategies import masked_cases, masked_example
from bncheck.invariants import Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/30161",
    affected={"tensorflow": ">=1.12.3,<=2.21.0"},
    note="ignored to 2.11.1; then a NaN that is masked gets through",
    further=(
        Origin(
            "https://github.com/keras-team/keras/issues/18759",
            affected={"keras:tensorflow": ">=3.0.0,<=3.15.1", "keras:jax": "==3.15.1", "keras:torch": "==3.15.1"},
            note="ignored to 3.0.1; then NaN, 1e-7 in the count and one channel",
        ),
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
]


def variants(case):
    step = case.steps[1]
    if not step.mask.any():
        return []
    cut = replace(step, x=step.x[step.mask][None], mask=None)
    return [case.but(steps=(case.steps[0], cut, case.steps[2]))]


def check(subject, case):
    if not variants(case):
        return None
    (cut,) = variants(case)
    masked, alone, right = subject.run(case), subject.run(cut), expected(subject, cut)
    margins = []
    for name, ball in right[2]["state"][0].items():
        found, wanted = masked.state(2)[0][name], alone.state(2)[0][name]
        margins.append(near(f"{name} after masked steps", found, wanted, 2 * ball.error))
    found = masked.y(1)[case.steps[1].mask]
    return max(*margins, near("output beside masked steps", found, alone.y(1)[0], 2 * right[1]["y"].error[0]))


def mutant():
    return Traits(masks="ignored")
