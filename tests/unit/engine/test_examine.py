import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_subjects import bent, dying, raising

from bncheck.cases.case import Case
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import layer_example
from bncheck.engine.examine import Budget, examine
from bncheck.engine.pair import Pair
from bncheck.invariants import load_all
from bncheck.truth.compare import Violation
from bncheck.truth.probe import Conventions
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAWS = load_all()
ALONE = [law for law in LAWS.values() if not law.differential]
TRAINING = LAWS["training_output_matches_reference"]
INFERENCE = LAWS["inference_output_matches_reference"]


def plain(results):
    """Results without the seconds, which nothing determines, and with cases as JSON."""
    return [
        replace(
            result,
            seconds=0.0,
            further=(),
            finding=result.finding and replace(result.finding, case=json.dumps(result.finding.case.to_json())),
        )
        for result in results
    ]


def one(subject, law, budget=Budget(20), **options):  # noqa: B008 (frozen)
    return examine(subject, [law], budget, **options)[0]


@pytest.mark.parametrize("traits", [Traits(), Traits(epsilon="outside"), Traits(rows="all_but_last")])
def test_the_same_examination_gives_the_same_results(traits):
    budget = Budget(20, seed=3)
    once, again = (examine(reference_subject(traits), ALONE, budget) for _ in range(2))
    assert plain(once) == plain(again)


def test_results_come_in_the_order_of_the_laws():
    laws = ALONE[::-1]
    assert [result.invariant for result in examine(reference_subject(), laws, Budget(1))] == [law.name for law in laws]


def test_another_seed_draws_other_cases():
    margins = [one(reference_subject(), TRAINING, Budget(20, seed=seed)).margin for seed in (0, 1)]
    assert margins[0] != margins[1]


def test_a_law_that_was_not_searched_in_the_time_is_inconclusive():
    results = examine(reference_subject(), ALONE, Budget(10**6, max_time=1e-9))
    assert {(result.verdict, result.reason, result.cases) for result in results} == {
        ("inconclusive", "the time is over", 0)
    }


def test_a_violation_that_was_found_before_the_time_was_over_is_a_finding(monkeypatch):
    """The clock stands still, but for the checks."""
    now = [0.0]
    monkeypatch.setattr("bncheck.engine.examine.time.monotonic", lambda: now[0])

    def check(subject, case):
        now[0] += 1
        return TRAINING.check(subject, case)

    result = one(reference_subject(TRAINING.mutant()), replace(TRAINING, check=check), Budget(10**6, max_time=1.5))
    assert result.verdict == "fail"


def test_a_user_who_stops_gets_a_verdict_for_every_law():
    asked = []
    laws = [law for law in ALONE if law.cases is TRAINING.cases]
    results = examine(reference_subject(), laws, Budget(50), stop=lambda: bool(asked.append(1)) or len(asked) > 60)
    assert {(result.verdict, result.reason) for result in results} == {("inconclusive", "interrupted")}
    assert sum(result.cases for result in results) > 40


def test_ctrl_c_in_a_check_stops_the_search_and_not_bncheck():
    def check(subject, case):
        raise KeyboardInterrupt

    result = one(reference_subject(), replace(TRAINING, check=check))
    assert (result.verdict, result.reason) == ("inconclusive", "interrupted")


def test_what_the_subject_raises_is_a_finding():
    result = one(raising("boom\nsecond line"), TRAINING)
    assert result.verdict == "fail"
    assert result.finding.what == "the subject raises: step 1 raised ValueError: boom"


def test_a_step_that_the_subject_does_not_offer_makes_the_law_inapplicable():
    result = one(raising("no training here", unsupported=True), TRAINING)
    assert (result.verdict, result.cases) == ("inapplicable", 0)
    assert result.reason == "the subject offers none of the cases: no training here"


def test_a_law_holds_where_the_subject_offers_some_of_its_cases():
    def double(program):
        return any(step["x"].dtype == np.float64 for step in program["steps"] if "x" in step)

    subject = raising("no float64", unsupported=True, when=double)
    result = one(subject, TRAINING)
    assert result.verdict == "pass"
    assert 0 < result.cases < 20 + len(TRAINING.examples)


def test_a_law_that_needs_more_than_the_subject_can_is_inapplicable():
    subject = reference_subject()
    subject.transport.description["capabilities"] = ["inference"]
    assert one(subject, TRAINING).reason == "the subject does not offer training"
    assert one(subject, INFERENCE).verdict == "pass"


def test_a_violation_that_a_new_layer_does_not_show_is_inconclusive():
    def bend(program, answer):
        if not program.get("fresh"):
            for step in answer["steps"]:
                step.update({"y": step["y"] + 1} if "y" in step else {})
        return answer

    result = one(bent(bend), INFERENCE)
    assert result.verdict == "inconclusive"
    assert result.reason == "seen once, and not on a newly built layer: the output in inference differs"


def test_the_case_on_which_a_worker_dies_is_told_and_is_on_disk():
    result = one(dying(lambda program: True), TRAINING)
    assert result.verdict == "error"
    reason, _, path = result.reason.partition("; the case is in ")
    assert reason == "the worker died with SIGKILL (out of memory)"
    assert Case.from_json(json.loads(Path(path).read_text())).digest == result.finding.case.digest


def test_a_worker_that_dies_on_one_case_leaves_the_other_laws_their_verdicts():
    deadly = LAWS["frozen_layer_leaves_state_alone"].variants(TRAINING.examples[0])[0]
    kinds = [step["step"] for step in deadly.plain["steps"]]
    subject = dying(lambda program: [step["step"] for step in program["steps"]] == kinds)
    verdicts = {result.invariant: result.verdict for result in examine(subject, ALONE, Budget(5))}
    of_a_frozen_layer = [name for name in verdicts if name.startswith("frozen_layer")]
    assert {verdicts.pop(name) for name in of_a_frozen_layer} == {"error"}
    assert set(verdicts.values()) == {"pass"}


def test_examples_are_judged_first_and_whatever_the_budget():
    judged = []
    law = replace(TRAINING, check=lambda subject, case: judged.append(case.digest) or 0.0)
    assert one(reference_subject(), law, Budget(1)).cases == 1 + len(law.examples)
    assert judged[: len(law.examples)] == [case.digest for case in law.examples]


def test_laws_of_one_strategy_are_judged_on_the_same_cases():
    seen = {}
    laws = [
        replace(law, check=lambda subject, case, name=law.name: seen.setdefault(name, []).append(case.digest) or 0.0)
        for law in (replace(TRAINING, examples=()), replace(INFERENCE, examples=()))
    ]
    examine(reference_subject(), laws, Budget(20))
    assert seen[TRAINING.name] == seen[INFERENCE.name]
    assert len(set(seen[TRAINING.name])) == 20


def test_a_law_that_has_nothing_to_judge_is_inapplicable():
    result = one(reference_subject(), replace(TRAINING, check=lambda subject, case: None))
    assert (result.verdict, result.reason) == ("inapplicable", "no case")


def test_the_largest_margin_is_told():
    margins = iter([0.1, 0.7, 0.2] + [0.3] * 100)
    result = one(reference_subject(), replace(TRAINING, check=lambda subject, case: next(margins)), Budget(10))
    assert result.margin == 0.7


def test_progress_goes_up_to_all_there_is():
    told = []
    examine(reference_subject(), ALONE, Budget(10), progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_a_pair_is_held_to_the_laws_between_subjects():
    pair = Pair(reference_subject(), reference_subject(Traits(epsilon="outside")))
    laws = [law for law in LAWS.values() if law.differential]
    assert {result.verdict for result in examine(pair, laws, Budget(20))} == {"fail"}


def test_a_finding_is_not_made_smaller_where_the_budget_says_so():
    law = replace(TRAINING, examples=())
    subject = reference_subject(Traits(epsilon="outside"))
    found = one(subject, law, Budget(20, shrink=False)).finding
    assert len(found.case.steps) > len(one(reference_subject(Traits(epsilon="outside")), law).finding.case.steps)


def test_a_case_that_would_lose_its_mechanism_is_not_made_smaller():
    def bend(program, answer):
        """What is explained in many rows is not in few."""
        few = any(len(step["x"]) < 5 for step in program["steps"] if "x" in step)
        for step in answer["steps"]:
            if few and "y" in step:
                step["y"] = step["y"] + 100
        return answer

    many = layer_example([[0.0], [8.0], [1.0], [2.0], [3.0], [4.0]], layer=BatchNorm())
    result = one(bent(bend, Traits(epsilon="outside")), replace(TRAINING, examples=(many,)), Budget(1))
    (kept,) = [each for each in (result.finding, *result.further) if each.mechanism == "epsilon: outside"]
    assert kept.case.shape[0] >= 5


def test_the_memory_of_a_subject_is_not_what_decides():
    """Two laws, one after the other or together, end in the same verdicts."""
    together = examine(reference_subject(), [TRAINING, INFERENCE], Budget(10))
    apart = [one(reference_subject(), law, Budget(10)) for law in (TRAINING, INFERENCE)]
    assert plain(together) == plain(apart)


def test_a_fault_in_a_law_is_not_taken_for_the_subjects():
    def check(subject, case):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        one(reference_subject(), replace(TRAINING, check=check))


def test_a_violation_without_numbers_is_a_finding():
    def check(subject, case):
        raise Violation("the output has another shape", None, [2, 1], [2, 2])

    law = replace(TRAINING, check=lambda subject, case: check(subject, case) if subject.name == "bent" else 0.0)
    found = one(bent(lambda program, answer: answer), law).finding
    assert (found.actual, found.expected, found.allowed) == ([2, 1], [2, 2], None)


def test_cases_are_drawn_from_the_laws_own_strategy():
    drawn = []
    law = replace(
        TRAINING, examples=(), check=lambda subject, case: drawn.append((case.shape, case.dtype, case.network)) or 0.0
    )
    one(reference_subject(), law, Budget(30))
    assert law.cases is layer_cases
    assert len({shape for shape, *_ in drawn}) > 5


def test_the_cheapest_cases_come_first():
    """So that most laws are decided where the time is short."""
    judged, compiled = [], LAWS["compiled_output_matches_eager"]
    laws = [
        replace(
            law, examples=(), needs=frozenset(), check=lambda subject, case, name=law.name: judged.append(name) or 0.0
        )
        for law in (compiled, TRAINING)
    ]
    examine(reference_subject(), laws, Budget(20))
    assert compiled.share < TRAINING.share
    assert judged == sorted(judged, reverse=True)
    assert set(judged) == {law.name for law in laws}


def test_drawn_cases_of_one_form_are_asked_in_one_request():
    subject, requests = reference_subject(), []
    subject.conventions = Conventions()  # so that nothing is asked to measure them
    send = subject.transport.send
    subject.transport.send = lambda programs: requests.append(len(programs)) or send(programs)
    law = replace(TRAINING, examples=())
    assert one(subject, law, Budget(100)).cases == 100
    assert 25 <= len(requests) < 60


def test_the_time_is_looked_at_between_cases_that_were_asked_at_once():
    judged = []
    law = replace(TRAINING, examples=(), check=lambda subject, case: judged.append(case) or 0.0)
    result = one(reference_subject(), law, Budget(100), stop=lambda: len(judged) == 2)
    assert (len(judged), result.verdict) == (2, "inconclusive")
