"""A training batch in which every step is masked changes no statistic.

Why: there is nothing to take a mean of.  A mean of zero, or of 0 / 0, moves the statistics all the same, and each such
batch of padding moves them further from the data.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.edge_strategies import masked_cases, masked_example
from bncheck.invariants import Origin
from bncheck.truth.compare import same_state
from bncheck.truth.traits import Traits

ORIGIN = Origin("https://github.com/keras-team/keras/issues/18759", note="how masks came into the statistics at all")
KIND = "contract"
NEEDS = {"training", "masks"}
CASES = masked_cases
EXAMPLES = [masked_example(np.zeros((2, 2, channels)), np.ones((2, 2), bool)) for channels in (1, 2)]


def variants(case):
    step = case.steps[1]
    hidden = replace(step, mask=np.zeros_like(step.mask))
    return [case.but(steps=(case.steps[0], hidden, case.steps[2]))]


def check(subject, case):
    (hidden,) = variants(case)
    return same_state("after a batch that is masked", subject.run(hidden).state(2), hidden.steps[0].state)


def mutant():
    return Traits(mask_count="plus_epsilon")
