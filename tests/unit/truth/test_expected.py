import numpy as np
import pytest
from sweep import drawn

from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example, training_variant
from bncheck.invariants import asked, load_all
from bncheck.subjects.packing import at_once
from bncheck.truth import reference
from bncheck.truth.expected import expected
from bncheck.truth.reference_subject import reference_subject

LAWS = [law for law in load_all().values() if law.cases is layer_cases]
REASSOCIATED = 1e-12  # what the order of additions does to a float64 sum, far below any bound of float32


def balls(trace):
    """Every ball of a trace of the reference."""
    for step in trace:
        for found in step.values():
            yield from (ball for layer in found for ball in layer.values()) if isinstance(found, list) else [found]


@pytest.mark.parametrize("seed", range(2))
def test_cases_side_by_side_have_the_values_and_the_bounds_that_each_has_alone(seed):
    subject, shared = reference_subject(), 0
    for some in at_once(drawn(layer_cases, seed, 20)):
        run = list({each.digest: each for each in asked(LAWS, some)[0]}.values())
        subject.prefetch(run)
        subject.run(run[0])
        shared += len(subject.beside)
        for each in run:
            for found, alone in zip(balls(expected(subject, each)), balls(reference.run(each)), strict=True):
                np.testing.assert_allclose(np.asarray(found.value), np.asarray(alone.value), REASSOCIATED)
                np.testing.assert_allclose(found.error, alone.error, REASSOCIATED)
    assert shared > 20


def test_a_group_is_computed_once(monkeypatch):
    asked, run = [], reference.run
    monkeypatch.setattr(reference, "run", lambda case, traits: asked.append(case) or run(case, traits))
    case = layer_example([[0.0], [77.0]], layer=BatchNorm())
    one, other = (training_variant(case, case.first_x + shift) for shift in (1, 2))
    subject = reference_subject()
    subject.prefetch([one, other])
    subject.run(one)
    expected(subject, one), expected(subject, other)
    assert [each.shape for each in asked] == [(2, 2)]
