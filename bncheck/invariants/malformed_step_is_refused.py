"""An input of another rank or number of channels, or a state of another length, is refused and leaves the state alone.

An input of another dtype is refused, too, or computed as if it had been cast.

Why: what fits by broadcasting is normalised with another channel's statistics, silently.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.case import Forward, SetState
from bncheck.cases.edge_strategies import attempt_example, malformed_cases
from bncheck.invariants import Origin
from bncheck.truth.attempts import refused_or_as
from bncheck.truth.traits import Traits

ORIGIN = Origin(
    "https://github.com/tensorflow/tensorflow/issues/58711",
    affected={"tensorflow": ">=2.0.4,<=2.6.5", "tensorflow:graph": "<0"},
    note="integers were refused after they had moved the statistics",
    examples=(4, 5),
    further=(
        Origin(
            "https://github.com/tensorflow/tensorflow/issues/58711",
            affected={"tensorflow": ">=2.0.4,<=2.3.4", "tensorflow:graph": "<0"},
            note="of integers; another number of channels, too, was refused late, and a layer of one inferred on two",
            examples=(0, 8),
        ),
        Origin(
            "https://github.com/tensorflow/tensorflow/issues/52220",
            affected={"tensorflow": "==1.15.5", "tensorflow:graph": "==2.1.4"},
            note="of a checkpoint; in graph mode the backend's set_value, too, takes another shape",
            examples=(6, 7),
        ),
        Origin(
            "https://github.com/keras-team/keras/issues/23704",
            affected={"keras:tensorflow": ">=3.10.0,<=3.15.1"},
            note="of other backends; here a float64 layer averages integers in float32",
            examples=(5,),
        ),
        Origin(
            "https://github.com/ml-explore/mlx/blob/v0.32.4/python/mlx/nn/layers/normalization.py",
            affected={"mlx": ">=0.32.0,<=0.32.4"},
            note="what can be broadcast is, and integers are averaged in float32",
            examples=(0, 1, 5, 8),
        ),
    ),
)
KIND = "contract"
NEEDS = {"inference", "training"}
CASES = malformed_cases
X = np.array([[0.0, 1.0, 2.0], [8.0, 3.0, 1.0]], np.float32)
EXAMPLES = [
    attempt_example(X, Forward(X[:, :1], True)),
    attempt_example(X, Forward(X[:, :1], False)),
    attempt_example(X, Forward(X.reshape(2, 1, 1, 3), True)),
    attempt_example(X, Forward(X.astype(np.float64), True)),
    attempt_example(X, Forward(X.astype(np.int64), True)),
    attempt_example(X, Forward(X.astype(np.int64), True), dtype="float64"),
    attempt_example(X, SetState([{"gamma": X[0, :1]}])),
    attempt_example(X, SetState([{"moving_mean": np.zeros(6, np.float32)}])),
    attempt_example(X[:, :1], Forward(X[:, :2], False)),
]


def variants(case):
    step = case.steps[1].of
    if not hasattr(step, "x"):
        return []
    cast = replace(step, x=step.x.astype(case.dtype))
    return [case.but(steps=(case.steps[0], replace(case.steps[1], of=cast), case.steps[2]))]


def check(subject, case):
    return refused_or_as(subject, case, *(variants(case) or [case]))


def mutant():
    return Traits(malformed_input="fitted")
