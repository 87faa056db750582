from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from made_records import LAW, cell, failing, finding, made, result

from bncheck.reports.formats import junit

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
ACCEPTED = {"accepted": {"reason": "open upstream", "link": "https://example.org/1"}}


def shown(*cells, **more):
    text = junit.render(made(*cells, **more), {})
    SCHEMA.validate(text)
    return ElementTree.fromstring(text)


def only(*results):
    """The outcome of the one case, as its tag and its attributes, or None."""
    (case,) = shown(cell("a", *results)).iter("testcase")
    return [(child.tag, child.get("message")) for child in case]


def test_a_run_is_of_the_schema(run_record):
    text = junit.render(run_record, {})
    SCHEMA.validate(text)
    suites = ElementTree.fromstring(text).findall("testsuite")
    assert [suite.get("name") for suite in suites] == [each["cell"] for each in run_record["cells"]]
    assert all(suite.get("timestamp") == run_record["started"] for suite in suites)
    for suite, entry in zip(suites, run_record["cells"], strict=True):
        laws = [case.get("name") for case in suite.iter("testcase") if case.get("name") != junit.EXAMINED]
        assert laws == [each["invariant"] for each in entry["results"]]


def test_text_from_a_record_is_text(hostile_record):
    text = junit.render(hostile_record, {})
    SCHEMA.validate(text)
    assert {element.tag for element in ElementTree.fromstring(text).iter()} <= {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped", "system-out", "system-err"),
    }


def test_a_law_has_one_verdict():
    assert only(result()) == []
    assert only(failing()) == [("failure", "the kernel of layer 0 at the start differs")]
    assert only(result(verdict="error", reason="it died", found=finding())) == [("error", "it died")]
    assert only(result(verdict="inapplicable", reason="no rows")) == [("skipped", "no rows")]
    assert only(result(verdict="inconclusive", reason="late")) == [("skipped", "late")]
    assert only(result(verdict="inconclusive", reason="late", cases=0)) == [("error", "late")]


def test_accepted_findings_are_skipped_with_their_reason():
    assert only(failing(**ACCEPTED)) == [("skipped", "accepted: open upstream")]
    assert only(failing(finding(**ACCEPTED), **ACCEPTED)) == [("skipped", "accepted: open upstream")]


def test_a_finding_that_is_not_accepted_fails_beside_one_that_is():
    assert only(failing(finding(what="another"), **ACCEPTED)) == [("failure", "another")]


def test_a_failure_says_what_differed_and_why():
    failure = next(shown(cell("a", failing())).iter("failure"))
    assert failure.get("type") == "initial_weights: by_position"
    for part in (
        "actual     0.1\n",
        "expected   nan\n",
        "network    Dense(1) → Linear() → Dense(1)\n",
        "step 0     State",
    ):
        assert part in failure.text


def test_the_counts_are_of_the_cases():
    cases = [result(), failing(), failing(**ACCEPTED), result(verdict="error", reason="died")]
    suite = shown(cell("a", *cases, seconds=2.5)).find("testsuite")
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "2.500"}


def test_a_cell_that_was_not_examined_is_an_error():
    (case,) = shown(cell("a", error="it could not be built")).iter("testcase")
    assert (case.get("name"), case.find("error").get("message")) == (junit.EXAMINED, "it could not be built")


def test_properties_say_what_was_examined():
    traits = {"running_variance": {"rank 2, float32": "biased", "rank 4, float32": "unbiased"}}
    entry = shown(cell("a", result(), traits=traits, layer="mine.py:Norm"), started="2026-11-21T12:00:00")
    properties = {each.get("name"): each.get("value") for each in entry.iter("property")}
    assert properties["subject"] == "a==1"
    assert properties["layer"] == "mine.py:Norm"
    assert properties["package numpy"] == "1.2"
    assert properties["trait running_variance"] == "biased; unbiased at rank 4"


@pytest.mark.parametrize("when", ["", "yesterday", "2026-11-21"])
def test_a_time_that_is_none_is_left_out(when):
    assert shown(cell("a", result()), started=when).find("testsuite").get("timestamp") is None


def test_an_empty_record_is_an_empty_report():
    assert list(shown()) == []
    assert shown(cell("", result(law=""))).find("testsuite").get("name") == "unnamed"


def test_an_entry_of_the_ledger_that_is_mended_is_a_failure():
    mended = {
        "law": LAW,
        "subject": "a",
        "versions": "<2",
        "mechanism": "epsilon: floor",
        "link": "l",
        "where": "x.toml",
    }
    root = shown(cell("a", result(), mended=[mended]))
    [failure] = root.iter("failure")
    assert failure.get("message") == f"{LAW} by epsilon: floor on a<2 (x.toml)"
