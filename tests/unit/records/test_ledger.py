import json

import jsonschema
import pytest
from made_records import LAW, cell, failing, finding, made, result

from bncheck.errors import UsageError
from bncheck.invariants import load_all
from bncheck.records import ledger, record

FLOOR, SEEDS, UNEXPLAINED = "epsilon: floor", "initial_weights: by_position", "unexplained"
OTHER = "rows_permute"
CASE = json.dumps(load_all()[LAW].examples[0].to_json())
TABLE = {
    "law": LAW,
    "subject": "tensorflow",
    "versions": ">=1.14,<2.2",
    "mechanism": SEEDS,
    "reason": "open upstream",
    "link": "https://example.org/1",
    "case": CASE,
}
ACCEPTED = {"reason": "open upstream", "link": "https://example.org/1"}


def entry(where="bncheck.toml", **changes):
    return ledger.entry({**TABLE, **changes}, load_all(), where, where)


def tf(*results, version="1.14.0", **more):
    return cell("tf", *results, **{"subject": f"tensorflow=={version}", **more})


def accepted(found, *entries):
    found = ledger.accepted(made(found), entries)
    jsonschema.validate(found, record.schema())
    return [["accepted" in each for each in record.findings(result)] for result in found["cells"][0]["results"]]


@pytest.mark.parametrize(
    ("subject", "versions", "cell_subject", "covered"),
    [
        ("tensorflow", ">=1.14,<2.2", "tensorflow==1.14.0", True),
        ("tensorflow", ">=1.14,<2.2", "tensorflow==2.1.4:graph", True),
        ("tensorflow", ">=1.14,<2.2", "tensorflow==2.2.0", False),
        ("tensorflow:graph", "", "tensorflow==2.1.4", False),
        ("tensorflow:graph", "", "tensorflow==2.1.4:graph", True),
        ("torch", "<=2.13.0", "torch==2.13.0+cpu", True),
        ("torch", ">=2.13", "torch==2.14.0rc1", True),
        ("torch", "", "torch==None", False),
        ("torch", "", "tensorflow==1.14.0 ~ torch==2.13.0", True),
    ],
)
def test_an_entry_covers_a_subject_and_a_range(subject, versions, cell_subject, covered):
    assert entry(subject=subject, versions=versions).covers(cell("a", subject=cell_subject)) is covered


def test_one_entry_accepts_what_one_cause_does_and_nothing_else():
    found = tf(failing(finding(mechanism=FLOOR)), failing(law=OTHER, mechanism=SEEDS))
    assert accepted(found, entry()) == [[True, False], [True]]
    assert accepted(tf(failing(), version="2.3.0"), entry()) == [[False]]


def test_what_has_no_name_is_accepted_in_its_own_law():
    found = tf(failing(mechanism=UNEXPLAINED), failing(law=OTHER, mechanism=UNEXPLAINED))
    assert accepted(found, entry(mechanism=UNEXPLAINED)) == [[True], [False]]


def test_a_finding_of_two_mechanisms_needs_both():
    found = tf(failing(mechanism=f"{FLOOR}; {SEEDS}"))
    assert accepted(found, entry()) == [[False]]
    assert accepted(found, entry(), entry(mechanism=FLOOR)) == [[True]]


def test_the_reason_and_the_link_stand_in_the_record():
    found = ledger.accepted(made(tf(failing())), [entry()])
    [only] = found["cells"][0]["results"]
    assert only["finding"]["accepted"] == ACCEPTED
    assert record.is_accepted(only)
    assert not record.is_accepted(failing(finding(), accepted=ACCEPTED))


def test_our_own_ledger_says_nothing_of_a_users_layer():
    own, found = entry(where="ledger.toml"), tf(failing(), layer="mine:Norm")
    assert accepted(found, own) == [[False]]
    assert accepted(found, entry()) == [[True]]


def notes(found, *entries):
    return ledger.accepted(made(found), entries).get("notes", [])


def test_an_entry_that_matches_nothing_is_told():
    said = f"the ledger's entry matches nothing: {LAW} by {SEEDS} on tensorflow>=1.14,<2.2 (bncheck.toml)"
    assert notes(tf(result()), entry()) == [said]
    assert notes(tf(result(), version="2.3"), entry()) == [said]
    assert notes(tf(failing()), entry()) == []
    assert notes(cell("a", result(), subject="torch==2.13.0"), entry()) == []
    assert notes(tf(result(OTHER)), entry()) == [said]


def test_an_entry_of_our_own_is_told_only_where_its_law_was_judged():
    own = entry(where="ledger.toml")
    assert len(notes(tf(result()), own)) == 1
    assert notes(tf(result(OTHER)), own) == []
    assert notes(tf(result(), version="2.3"), own) == []


def test_an_entry_that_is_mended_is_told_otherwise():
    assert notes(tf(result(), mended=[entry().plain]), entry()) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"law": "rows_permutes"}, "no law is called 'rows_permutes': did you mean rows_permute"),
        ({"mechanism": "epsilon: flor"}, "did you mean epsilon: floor"),
        ({"versions": "2.x to 3"}, "is no range of versions: write it as"),
        ({"versions": 2.1}, "versions is text, not 2.1: quote it"),
        ({"subject": "tensorflow==2"}, "a subject is a framework or framework:mode"),
        ({"verson": "<2"}, "no key of the ledger is called 'verson': did you mean versions"),
        ({"reason": " "}, "an entry has a reason, and a link"),
        ({"link": "javascript:alert(1)"}, "a link that begins with https://"),
        ({"case": "{"}, "the case is no JSON"),
        ({"case": "{}"}, "not a case of bncheck"),
        ({"case": "[" * 10**5}, "the case is no JSON"),
    ],
)
def test_a_bad_entry_is_one_line(tmp_path, changes, says):
    values = {**TABLE, **changes}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (tmp_path / "bncheck.toml").write_text("\n".join(["[[ledger]]", *lines]))
    with pytest.raises(UsageError, match=says) as caught:
        ledger.load(load_all(), tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'bncheck.toml'}: entry 1: ")
    assert "\n" not in str(caught.value)


def test_an_entry_without_a_key_is_told():
    with pytest.raises(UsageError, match=r"x: there is no case"):
        ledger.entry({name: value for name, value in TABLE.items() if name != "case"}, load_all(), "x", "x")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("bncheck.toml", "ledger = 3", "the ledger is a list of tables"),
        ("bncheck.toml", "ledgers = []", "did you mean ledger"),
        ("bncheck.toml", "[[", "is not TOML"),
        ("pyproject.toml", "[tool]\nbncheck = 3", "the ledger is a list of tables"),
        ("pyproject.toml", "[tool.bncheck]\nleger = []", "did you mean ledger"),
    ],
)
def test_a_file_that_is_no_ledger_is_one_line(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=says):
        ledger.load(load_all(), tmp_path)


def test_the_users_ledger_is_found_above_and_bncheck_toml_goes_before(tmp_path):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.bncheck]\nledger = []")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'other'")
    assert ledger.find(below) == tmp_path / "pyproject.toml"
    (tmp_path / "bncheck.toml").write_text("")
    assert ledger.find(below) == tmp_path / "bncheck.toml"


def test_our_own_ledger_is_read():
    assert all(each.own for each in ledger.parse(ledger.OWN, load_all()))
