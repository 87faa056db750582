import pytest

from bncheck import invariants
from bncheck.engine.examine import Budget, examine
from bncheck.records import record
from bncheck.reports.claim import Place, Unsayable, claim
from bncheck.truth.reference_subject import reference_subject

LAWS = invariants.load_all()
ALONE = [law for law in LAWS.values() if not law.differential]


def broken(law):
    """The subject that breaks a law, and the record's finding of it."""
    subject = reference_subject(law.mutant())
    result = record.plain_result(examine(subject, [law], Budget(max_examples=1, shrink=False))[0])
    return subject, result["finding"]


def number(subject, place):
    answer = subject.run(place.case)[place.step]
    for key in place.way:
        answer = answer[key]
    return float(answer[place.index])


# What these compare is no number of an answer: a count, a sign, a ratio, a sum, a mean.
DERIVED = {
    "counter_counts_training_batches",
    "moving_variance_is_never_negative",
    "setting_weights_keeps_the_counter",
    "training_gradient_ignores_scale",
    "training_gradient_sums_to_zero",
    "training_output_is_standardised",
}


@pytest.mark.parametrize("law", sorted(DERIVED))
def test_a_law_of_derived_numbers_is_no_claim(law):
    with pytest.raises(Unsayable, match="replay the case instead"):
        claim(LAWS[law], broken(LAWS[law])[1])


@pytest.mark.parametrize("law", [law for law in ALONE if law.name not in DERIVED], ids=lambda law: law.name)
def test_a_claim_names_the_numbers_that_the_law_compared(law):
    subject, finding = broken(law)
    found = claim(law, finding)
    if found.observed is None:
        assert found.refusal
        return
    assert number(subject, found.observed) == pytest.approx(float(finding["actual"]), nan_ok=True, rel=1e-6)
    if isinstance(found.expected, Place):
        assert number(subject, found.expected) == pytest.approx(float(finding["expected"]), nan_ok=True, rel=1e-6)
    else:
        assert found.expected == pytest.approx(float(finding["expected"]), nan_ok=True)


def test_a_law_between_two_programs_expects_what_the_other_one_gives():
    law = LAWS["linear_activation_keeps_initial_weights"]
    found = claim(law, broken(law)[1])
    assert len(found.expected.case.network) == len(found.observed.case.network) - 1


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


def test_numbers_that_no_program_gives_are_no_claim():
    law = LAWS["moving_mean_matches_reference"]
    finding = {"what": "the moon differs", "where": [0], "actual": 1.0, "expected": 2.0, "allowed": 0.0}
    with pytest.raises(Unsayable, match="compares more"):
        claim(law, {**finding, "case": law.examples[0].to_json()})
