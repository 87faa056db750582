from dataclasses import fields

import pytest

from bncheck.truth.traits import ILLEGAL, LEGAL, Traits, defects


def test_every_axis_has_legal_values_and_the_default_is_one_of_them():
    axes = {axis.name: axis.default for axis in fields(Traits)}
    assert set(axes) == set(LEGAL)
    assert set(ILLEGAL) <= set(LEGAL)
    assert all(default in LEGAL[axis] for axis, default in axes.items())


def test_no_value_is_both_legal_and_illegal():
    assert all(not set(ILLEGAL.get(axis, {})) & set(values) for axis, values in LEGAL.items())


def test_every_value_has_a_description():
    described = [text for axes in (LEGAL, ILLEGAL) for values in axes.values() for text in values.values()]
    assert all(len(text) > 10 for text in described)


@pytest.mark.parametrize("axis", LEGAL)
def test_a_value_that_an_axis_has_not_is_refused(axis):
    with pytest.raises(ValueError, match=f"{axis} has no value 'purple'"):
        Traits(**{axis: "purple"})


def test_defects_are_the_illegal_values_one_at_a_time():
    found = dict(defects(Traits(running_variance="unbiased")))
    assert len(found) == sum(map(len, ILLEGAL.values()))
    assert found["epsilon: outside"] == Traits(running_variance="unbiased", epsilon="outside")


def test_traits_can_be_kept_in_a_cache():
    assert hash(Traits()) == hash(Traits().but(epsilon="inside"))
    assert Traits().but(epsilon="outside") != Traits()
