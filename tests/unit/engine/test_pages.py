import pytest

from bncheck.engine.pages import difference, own_laws, seen_by
from bncheck.truth.traits import ILLEGAL, LEGAL, Traits

PAPERS = Traits()
DEFECTS = [(axis, value) for axis, values in ILLEGAL.items() for value in values]
CONVENTIONS = [(axis, value) for axis, values in LEGAL.items() for value in values if value != getattr(PAPERS, axis)]


@pytest.mark.parametrize(("axis", "value"), DEFECTS)
def test_the_laws_whose_mutant_it_is_see_it(axis, value):
    own = [law.name for law in own_laws(axis, value)]
    assert seen_by(axis, value)[: len(own)] == own


@pytest.mark.parametrize(("axis", "value"), [*DEFECTS, *CONVENTIONS])
def test_numbers_differ_on_a_small_case_or_a_law_shows_them(axis, value):
    found = difference(axis, value)
    assert found or own_laws(axis, value)
    if found:
        assert found.papers != found.other


def test_the_papers_own_value_differs_in_nothing():
    assert difference("epsilon", "inside") is None


def test_the_largest_difference_is_shown():
    found = difference("frozen_layer", "updates")
    assert found.what == "moving_mean of layer 0 at step 3"
    assert (found.papers, found.other) == pytest.approx((1.0, 1.3))


def test_a_refusal_is_a_difference():
    found = difference("batch_of_one", "refused")
    assert found.other == "Refused: one value a channel, in training"
