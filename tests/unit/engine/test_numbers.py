import jsonschema
import numpy as np
import pytest
from fake_subjects import dying, raising

from bncheck.cases.arrays import unpacked
from bncheck.engine.numbers import numbers
from bncheck.records import record
from bncheck.records.drift import drifts
from bncheck.truth.questions import SETTINGS
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits
from bncheck.truth.yardstick import cases

ARRAYS = 8 * len(SETTINGS)


@pytest.fixture(scope="module")
def right():
    return numbers(reference_subject())


def moved(right, traits):
    found = drifts({"numbers": right}, {"numbers": numbers(reference_subject(traits))})
    return {f"{quantity}, {setting}" for (quantity, setting), drift in found.items() if drift}


def test_every_quantity_of_every_setting_is_answered(right):
    assert len(right) == ARRAYS
    rule = {"$ref": "#/$defs/numbers", "$defs": record.schema()["$defs"]}
    for each in right:
        jsonschema.validate(each, rule)
        assert np.isfinite(unpacked(each["values"])).all()
        assert 0 <= each["allowed"] < 1


def test_the_reference_does_not_drift_from_itself(right):
    assert moved(right, Traits()) == set()


def test_a_convention_moves_the_numbers_that_it_is_about_and_no_others(right):
    found = moved(right, Traits(running_variance="unbiased"))
    assert len(found) == len(SETTINGS)
    assert {each.partition(",")[0] for each in found} == {"moving variance"}


@pytest.mark.parametrize("traits", [Traits(epsilon="outside"), Traits(epsilon="floor"), Traits(precision="single")])
def test_a_small_difference_moves_numbers(right, traits):
    assert moved(right, traits)


def test_what_is_not_answered_is_not_there():
    assert numbers(dying(lambda program: True)) == []
    assert numbers(raising("no such rank", unsupported=True)) == []


def test_the_cases_are_the_same_everywhere():
    digests = {case.digest for setting in SETTINGS for case, *_ in cases(setting)}
    assert len(digests) == 2 * len(SETTINGS)
    x = cases(SETTINGS[0])[0][0].steps[1].x.ravel()
    assert x[:2].tolist() == [np.float32(n / 1009 * 2.0**-6 + 2.0**-5) for n in (271, 542)]
