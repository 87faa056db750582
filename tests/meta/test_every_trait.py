"""What every axis and value of the traits is held to, whichever is appended."""

import pytest

from bncheck.commands.explain import of_axis, of_value
from bncheck.commands.run import show
from bncheck.engine.measure import by_laws
from bncheck.engine.pages import own_laws, seen_by
from bncheck.truth.harms import HARMS
from bncheck.truth.probe import tells
from bncheck.truth.questions import QUESTIONS
from bncheck.truth.traits import ILLEGAL, LEGAL, Traits, values_of

PAPERS = Traits()
VALUES = [(axis, value) for axis in LEGAL for value in values_of(axis)]
DEFECTS = [(axis, value) for axis, values in ILLEGAL.items() for value in values]
every_value = pytest.mark.parametrize(("axis", "value"), VALUES, ids=[f"{a}: {v}" for a, v in VALUES])
every_defect = pytest.mark.parametrize(("axis", "value"), DEFECTS, ids=[f"{a}: {v}" for a, v in DEFECTS])


def page(parts, capsys):
    show(parts)
    return " ".join(capsys.readouterr().out.split())


@every_value
def test_a_value_has_a_page(axis, value, capsys):
    text = page(of_value(axis, value), capsys)
    assert text.startswith(f"{axis}: {value} ")
    assert " ".join(values_of(axis)[value].split()) in text
    papers = value == getattr(PAPERS, axis)
    assert ("an example" in text and "seen in" in text and "none was found" not in text) is not papers
    assert ("it is a defect" in text) is (value in ILLEGAL.get(axis, ()))


@pytest.mark.parametrize("axis", LEGAL)
def test_an_axis_has_a_page_with_its_values(axis, capsys):
    text = page(of_axis(axis), capsys)
    assert all(f"{axis}: {value}" in text for value in values_of(axis))


@every_defect
def test_a_defect_says_what_it_does_to_a_user(axis, value):
    assert f"{axis}: {value}" in HARMS or own_laws(axis, value)


@every_defect
def test_a_defect_is_seen_by_a_law(axis, value):
    assert seen_by(axis, value)


@every_defect
def test_a_defect_is_measured_by_a_question_or_by_a_law(axis, value):
    assert tells(axis, value) or axis in {axis for _, axis, _ in by_laws()}


def test_every_question_is_about_axes_that_exist():
    assert {axis for question in QUESTIONS for axis in question.axes} <= set(LEGAL)
