from dataclasses import replace

import pytest
from fake_subjects import bent, dying, raising

from bncheck.engine.confirm import as_violation, violation
from bncheck.invariants import load_all
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.compare import Violation
from bncheck.truth.reference_subject import reference_subject

LAW = load_all()["training_output_matches_reference"]
CASE = LAW.examples[0]


def test_a_law_that_holds_has_no_violation():
    assert violation(reference_subject(), LAW, CASE) is None


def test_a_violation_is_confirmed_on_newly_built_models_alone():
    fresh = []
    subject = bent(lambda program, answer: fresh.append(program.get("fresh")) or answer)
    violation(subject, LAW, CASE)
    assert fresh == [True]


@pytest.mark.parametrize("plainly", [False, True])
def test_the_subject_goes_on_as_it_was(plainly):
    subject = raising("boom")
    subject.plainly = plainly
    violation(subject, LAW, CASE)
    assert subject.plainly is plainly


def test_what_is_raised_is_a_violation_that_says_so():
    found = violation(raising("boom"), LAW, CASE)
    assert (found.what, found.actual) == ("the subject raises: step 3 raised ValueError: boom", None)


def test_what_is_not_offered_is_none():
    assert violation(raising("boom", unsupported=True), LAW, CASE) is None


def test_an_answer_that_is_no_trace_is_a_violation():
    found = violation(bent(lambda program, answer: {"steps": answer["steps"][:1]}), LAW, CASE)
    assert found.what == "the subject answers wrongly: 5 steps were asked and 1 answered"


def test_an_array_of_another_kind_is_a_violation():
    def bend(program, answer):
        return {"steps": [dict.fromkeys(step, "text") for step in answer["steps"]]}

    assert violation(bent(bend), LAW, CASE).what.startswith("the subject answers wrongly: the y of step 3 is no array")


def test_a_death_is_nobodys_violation():
    with pytest.raises(SubjectDied):
        violation(dying(lambda program: True), LAW, CASE)


def test_a_violation_stays_what_it_is():
    broken = Violation("it differs", [0], 1.0, 2.0, 0.5)

    def check(subject, case):
        raise broken

    assert violation(reference_subject(), replace(LAW, check=check), CASE) is broken
    assert as_violation(broken) is broken
