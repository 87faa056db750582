import json

from fake_subjects import dying, raising

from bncheck.engine import campaign
from bncheck.engine.examine import Budget
from bncheck.engine.pinned import mended
from bncheck.invariants import load_all, select
from bncheck.records import ledger
from bncheck.subjects.resolve import Spec
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "training_output_matches_reference"
LAWS = select([LAW])


def entry(**changes):
    [*_, case] = load_all()[LAW].examples
    table = {
        "law": LAW,
        "subject": "reference",
        "versions": "",
        "mechanism": "epsilon: outside",
        "reason": "known",
        "link": "https://example.org/1",
        "case": json.dumps(case.to_json()),
    }
    return ledger.entry({**table, **changes}, load_all(), "bncheck.toml", "")


CELL = {"cell": "a", "subject": "reference==0.1.0"}


def test_a_pinned_case_that_still_fails_is_no_news():
    assert mended(reference_subject(Traits(epsilon="outside")), CELL, LAWS, [entry()]) == []


def test_a_pinned_case_that_passes_is_mended():
    assert mended(reference_subject(), CELL, LAWS, [entry()]) == [entry().plain]


def test_only_what_the_entry_covers_and_the_run_asks_is_judged():
    assert mended(reference_subject(), CELL, LAWS, [entry(subject="torch")]) == []
    assert mended(reference_subject(), CELL, select(["rows_permute"]), [entry()]) == []


def test_what_could_not_be_judged_is_not_mended():
    assert mended(raising("no such rank", unsupported=True), CELL, LAWS, [entry()]) == []
    assert mended(dying(lambda program: True), CELL, LAWS, [entry()]) == []
    assert mended(raising("a fault"), CELL, LAWS, [entry()]) == []


def test_a_campaign_judges_the_pinned_cases():
    found = campaign.run([Spec("a", "fake")], LAWS, Budget(3), opened=lambda *_: reference_subject(), ledger=[entry()])
    assert found["cells"][0]["mended"] == [entry().plain]
