from dataclasses import replace

import numpy as np
import pytest
from fake_subjects import bent, dying, raising

from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.engine.judge import MOST_FAILURES, Tally, judge
from bncheck.invariants import load_all
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = load_all()["training_output_matches_reference"]
CASE = LAW.examples[0]


def judged(subject, law=LAW, times=1):
    tally = Tally(law)
    for _ in range(times):
        judge(subject, tally, CASE)
    return tally


def test_a_case_that_is_held_is_counted_with_its_margin_and_its_time():
    tally = judged(reference_subject(), times=2)
    assert (tally.cases, tally.failing, tally.open) == (2, {}, True)
    assert 0 < tally.margin <= 1
    assert tally.seconds > 0


def test_a_case_with_nothing_to_judge_is_not_counted():
    assert judged(reference_subject(), replace(LAW, check=lambda subject, case: None)).cases == 0


def test_a_failure_is_kept_under_its_mechanism():
    tally = judged(reference_subject(Traits(epsilon="outside")))
    assert list(tally.failing) == ["epsilon: outside"]
    case, violation = tally.failing["epsilon: outside"]
    assert case is CASE
    assert violation.what == "the output in training differs"


def test_a_law_whose_failures_are_all_of_a_known_mechanism_is_open_for_a_while():
    subject = reference_subject(Traits(epsilon="outside"))
    assert judged(subject, times=MOST_FAILURES - 1).open
    assert not judged(subject, times=MOST_FAILURES).open


def test_a_failure_that_nothing_explains_closes_the_law():
    def bend(program, answer):
        for step in answer["steps"]:
            step.update({"y": step["y"] * 3} if "y" in step else {})
        return answer

    tally = judged(bent(bend))
    assert list(tally.failing) == ["unexplained"]
    assert not tally.open


def test_what_is_not_offered_is_counted_apart():
    tally = judged(raising("not here", unsupported=True))
    assert (tally.cases, tally.unsupported, tally.failing, tally.open) == (0, 1, {}, True)


def test_a_failure_that_does_not_come_again_is_noted():
    answers = iter([1.0, 0.0, 0.0, 0.0, 0.0])

    def bend(program, answer):
        moved = next(answers)
        for step in answer["steps"]:
            step.update({"y": step["y"] + moved} if "y" in step else {})
        return answer

    tally = judged(bent(bend))
    assert (tally.failing, tally.cases, tally.open) == ({}, 1, True)
    assert tally.unconfirmed[0] is CASE


@pytest.mark.parametrize("deadly", [lambda program: True, lambda program: "fresh" in program])
def test_a_death_closes_the_law_also_when_it_comes_at_the_confirmation(deadly):
    subject = dying(deadly)
    law = LAW if deadly({}) else replace(LAW, check=failing_check(LAW.check))
    tally = judged(subject, law)
    assert tally.died.reason.startswith("the worker died")
    assert not tally.open


def failing_check(check):
    """Fails at first, so that a confirmation is asked for."""

    def checked(subject, case):
        check(subject, case)
        subject.run(case.but(seed=5))
        from bncheck.truth.compare import Violation

        raise Violation("it differs", [0], 1.0, 0.0, 0.5)

    return checked


def judged_packed(bend, name):
    """The tally of a law on a case of two channels, whose variants were asked beside those of other laws."""
    subject, tally = bent(bend), Tally(load_all()[name])
    laws = [load_all()[each] for each in ("channels_are_independent", "channels_permute", "scale_invariance")]
    case = layer_example([[0.0, 1.0], [8.0, 3.0], [1.0, 2.0]], layer=BatchNorm())
    subject.prefetch([case, *(variant for law in laws for variant in law.variants(case))])
    judge(subject, tally, case)
    return tally


def wide(program, answer, change):
    """The answer with a changed output where a call has more than four channels."""
    for step, given in zip(answer["steps"], program["steps"], strict=True):
        if "y" in step and given["x"].shape[-1] > 4:
            step["y"] = change(step["y"])
    return answer


def test_a_failure_of_a_packed_case_alone_is_kept_with_the_packed_case():
    tally = judged_packed(lambda p, a: wide(p, a, lambda y: y + (np.arange(y.shape[-1]) > 4)), "channels_permute")
    ((case, violation),) = tally.failing.values()
    assert case.shape[1] > 4
    assert violation.what == "the output for permuted channels differs"
    assert tally.unconfirmed is None


def test_what_differs_between_a_packed_answer_and_another_is_no_failure_of_a_law_that_holds_on_both():
    tally = judged_packed(lambda p, a: wide(p, a, lambda y: y * np.float32(1.01)), "scale_invariance")
    assert (tally.cases, tally.failing, tally.unconfirmed) == (1, {}, None)


def test_a_packed_failure_that_does_not_come_again_on_newly_built_models_is_noted():
    def bend(program, answer):
        return answer if program.get("fresh") else wide(program, answer, lambda y: y * np.float32(1.01))

    tally = judged_packed(bend, "scale_invariance")
    assert (tally.failing, tally.unconfirmed[1].what) == ({}, "the output for scaled data differs")
