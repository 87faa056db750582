import re

import pytest

from bncheck.truth.harms import AXES, HARMS, harm
from bncheck.truth.traits import LEGAL, Traits, values_of


def test_what_is_said_is_said_of_axes_and_values_that_exist():
    assert set(AXES) <= set(LEGAL)
    assert set(HARMS) <= {f"{axis}: {value}" for axis in LEGAL for value in values_of(axis)}


@pytest.mark.parametrize("name", HARMS)
def test_a_harm_is_a_sentence_or_two_with_a_link_where_there_is_one(name):
    axis, _, value = name.partition(": ")
    assert value != getattr(Traits(), axis)
    assert harm(axis, value).text.endswith(".")
    assert not harm(axis, value).link or re.fullmatch(r"https://\S+", harm(axis, value).link)


@pytest.mark.parametrize("sentence", AXES.values())
def test_an_axis_is_a_sentence(sentence):
    assert sentence[0].isupper()
    assert sentence.endswith(".")


def test_nothing_is_said_against_the_paper():
    assert harm("epsilon", "inside").text == ""
