"""In training, permuting the channels, with their weights and statistics, permutes the channels of the output.

Why: no channel is special.  Vectorised kernels take the last few channels on another path, and a fault there shows in
those alone.
"""

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import first_training, layer_example, training_alone, training_variant
from bncheck.invariants import PAPER
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER
KIND = "metamorphic"
NEEDS = {"training"}
CASES = layer_cases
EXAMPLES = [layer_example([[0.0, 1.0, 5.0], [8.0, 2.0, 5.5]], layer=BatchNorm())]


def _order(case):
    return np.arange(case.shape[case.layer.axis])[::-1]


def _permuted(case, array):
    return np.ascontiguousarray(np.take(array, _order(case), axis=case.layer.axis))


def variants(case):
    state = {name: value[_order(case)] for name, value in case.steps[0].state[0].items()}
    return [training_alone(case), training_variant(case, _permuted(case, case.first_x), state)]


def judged(case):
    return []


def check(subject, case):
    plain, permuted = (subject.run(variant) for variant in variants(case))
    allowed = _permuted(case, 2 * expected(subject, case)[first_training(case)]["y"].error)
    return near("output for permuted channels", permuted.y(1), _permuted(case, plain.y(1)), allowed)


def mutant():
    return Traits(channels="last_takes_first")
