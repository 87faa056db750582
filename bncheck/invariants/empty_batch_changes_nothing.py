"""A batch of no values is refused, or changes no statistic and has gradients of zero.

Why: a filter, a shard or the end of a data set may leave no rows.  The mean of nothing is 0 / 0, and once it is in the
moving statistics the model predicts NaN for good.
"""

import numpy as np

from bncheck.cases.edge_strategies import attempt_example, empty_cases
from bncheck.invariants import Origin
from bncheck.truth.attempts import refused_or_right
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/pytorch/pytorch/issues/12013",
    affected={
        "torch": ">=1.0.0,<=1.3.1",
        "tensorflow": ">=1.12.3,<=2.21.0",
        "keras:tensorflow": ">=3.0.0,<=3.15.1",
        "keras:jax": "==3.15.1",
        "keras:torch": "==3.15.1",
        "mlx": ">=0.32.0,<=0.32.4",
    },
    note="mended in torch; the others have the same defect",
)
KIND = "contract"
NEEDS = {"training", "gradients"}
CASES = empty_cases
EXAMPLES = [attempt_example(np.zeros(shape)) for shape in ((0, 1), (0, 1, 1, 2), (2, 0, 2), (0, 1, 2, 1, 2))]


def check(subject, case):
    return refused_or_right(subject, case)


def mutant():
    return Traits(empty_batch="averaged")
