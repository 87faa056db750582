from dataclasses import replace

import numpy as np
import pytest

from bncheck import invariants
from bncheck.cases.case import Backward
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import as_rows, layer_example
from bncheck.engine.examine import Budget, examine
from bncheck.records import record
from bncheck.reports.claim import Unsayable, claim
from bncheck.reports.places import Place, Through
from bncheck.truth.compare import form, shape
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAWS = invariants.load_all()
ALONE = [law for law in LAWS.values() if not law.differential]


def broken(law, traits=None):
    """The subject that breaks a law, and the record's finding of it."""
    subject = reference_subject(traits or law.mutant())
    result = record.plain_result(examine(subject, [law], Budget(max_examples=1, shrink=False))[0])
    return subject, result["finding"]


def array(subject, place):
    answer = subject.run(place.case)[place.step]
    for key in place.way:
        answer = answer[key]
    return np.asarray(answer)


def number(subject, place):
    if isinstance(place, Place):
        return float(array(subject, place)[place.index])
    found = {name: array(subject, each) for name, each in place.places.items()} | place.values
    axis = place.case.layer.axis
    found |= {name: as_rows(found[name], axis) for name in place.rows}
    return float(place.function(**found)[place.index])


@pytest.mark.parametrize("law", ALONE, ids=lambda law: law.name)
def test_a_claim_names_the_numbers_that_the_law_compared(law):
    subject, finding = broken(law)
    found = claim(law, finding)
    if found.observed is None:
        assert found.refusal
        return
    assert any(isinstance(each, Through) for each in (found.observed, found.expected)) == bool(law.computed)
    assert number(subject, found.observed) == pytest.approx(float(finding["actual"]), nan_ok=True, rel=1e-6)
    if isinstance(found.expected, Place | Through):
        assert number(subject, found.expected) == pytest.approx(float(finding["expected"]), nan_ok=True, rel=1e-6)
    else:
        assert found.expected == pytest.approx(float(finding["expected"]), nan_ok=True)


@pytest.mark.parametrize("law", ALONE, ids=lambda law: law.name)
def test_a_right_subject_meets_the_claim_of_a_finding_on_a_broken_one(law):
    finding = broken(law)[1]
    found, right = claim(law, finding), reference_subject()
    if found.observed is None:
        return
    actual = number(right, found.observed)
    expected = number(right, found.expected) if isinstance(found.expected, Place | Through) else found.expected
    if np.isfinite(actual) and not np.isfinite(float(finding["actual"])):
        return
    assert actual == pytest.approx(expected, nan_ok=True, rel=1e-15, abs=found.allowed)


def test_a_law_between_two_programs_expects_what_the_other_one_gives():
    law = LAWS["linear_activation_keeps_initial_weights"]
    found = claim(law, broken(law)[1])
    assert len(found.expected.case.network) == len(found.observed.case.network) - 1


def test_a_number_that_moves_with_the_data_is_expected_where_it_moves_to():
    case = layer_example([[0.0], [8.0], [2.0]], dtype="float64", layer=BatchNorm())
    law = replace(LAWS["far_offset_leaves_the_variance"], examples=(case,))
    found = claim(law, broken(law, Traits(precision="single"))[1])
    right = reference_subject()
    assert found.moved > 1000
    assert number(right, found.observed) == pytest.approx(
        number(right, found.expected) + found.moved, rel=0, abs=found.allowed
    )


def test_a_law_of_two_subjects_is_no_claim():
    law = LAWS["weights_port_in_inference"]
    with pytest.raises(Unsayable, match="two subjects"):
        claim(law, {})


def test_a_claim_that_nothing_is_raised_has_every_program_of_the_law():
    law = LAWS["rows_permute"]
    case = law.examples[0]
    found = claim(
        law, {"what": "the subject raises: step 1 raised ValueError: no", "where": None, "case": case.to_json()}
    )
    assert [each.digest for each in found.programs][:2] == [each.digest for each in law.variants(case)]


def test_a_step_that_is_not_refused_is_a_claim_that_it_is():
    law = LAWS["malformed_step_is_refused"]
    case = law.examples[0]
    what = "an input of another number of channels is not refused"
    found = claim(law, {"what": what, "where": None, "actual": 1, "expected": 3, "allowed": 0, "case": case.to_json()})
    assert (found.refusal, [each.digest for each in found.programs]) == ("right", [case.digest])


def formed(law, case, what, actual, expected):
    """The claim about a form of a finding."""
    told = {"what": what, "where": None, "actual": actual, "expected": expected, "allowed": None}
    return claim(law, {**told, "case": case.to_json()})


def test_an_array_of_another_shape_is_a_claim_about_its_shape():
    law = LAWS["half_precision_output_matches_reference"]
    case = law.examples[1]
    found = formed(law, case, "the output in training has another shape", [0], [3, 1])
    (training,) = case.where(Backward, training=True)
    (place,) = found.observed.places.values()
    assert (place.step, place.way, found.observed.function) == (training, ("y",), shape)
    assert found.expected == [3, 1]


def test_a_state_of_another_shape_after_a_refused_step_is_a_claim_about_its_form():
    law = LAWS["malformed_step_is_refused"]
    what = "the gamma of layer 0 after a step that was refused has another shape or type"
    found = formed(law, law.examples[6], what, "float32 of shape (1,)", "text of a record")
    (place,) = found.observed.places.values()
    assert (place.way, found.observed.function) == (("state", 0, "gamma"), form)
    assert found.expected == "float32 of shape (3,)"


def test_what_a_refused_step_leaves_is_a_claim_about_a_step_that_is_refused():
    law = LAWS["malformed_step_is_refused"]
    finding = {"what": "the moving_mean of layer 0 after a step that was refused differs", "where": [0]}
    numbers = {"actual": 0.4, "expected": 1.0, "allowed": 0.0}
    found = claim(law, {**finding, **numbers, "case": law.examples[4].to_json()})
    assert (found.refusal, found.observed.way) == ("needed", ("state", 0, "moving_mean"))


def test_two_numbers_of_one_array_may_be_compared():
    law = LAWS["channels_permute"]
    case = layer_example([[0.0, 0.0], [8.0, 8.0]], layer=BatchNorm())
    finding = {"what": "the output for permuted channels differs", "where": [1, 0]}
    numbers = {"actual": 2.0, "expected": 3.0, "allowed": 0.1}
    found = claim(law, {**finding, **numbers, "case": case.to_json()})
    assert found.observed.case.digest == found.expected.case.digest
    assert (found.observed.index, found.expected.index) == ((1, 0), (1, 1))


def test_numbers_that_no_program_gives_are_no_claim():
    law = LAWS["moving_mean_matches_reference"]
    finding = {"what": "the moon differs", "where": [0], "actual": 1.0, "expected": 2.0, "allowed": 0.0}
    with pytest.raises(Unsayable, match="no number of a program"):
        claim(law, {**finding, "case": law.examples[0].to_json()})
