import json
import re
import tomllib

import pytest
from click.testing import CliRunner
from made_records import LAW, cell, failing, finding, made, result

from bncheck.commands import main
from bncheck.invariants import load_all
from bncheck.records import ledger, record

pytest.importorskip("tomlkit")
FLOOR, SEEDS = "epsilon: floor", "initial_weights: by_position"
WHY = ["--reason", "open upstream", "--link", "https://example.org/1"]


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A record of a cell with two findings of a law, and of one with none."""
    monkeypatch.chdir(tmp_path)
    found = failing(finding(mechanism=f"{FLOOR}; {SEEDS}"))
    tf = cell("tf2.1:graph", found, subject="tensorflow==2.1.4+local:graph")
    record.write(made(tf, cell("torch2.13", result())), tmp_path / "record.json")
    return tmp_path / "record.json"


def accept(*arguments):
    return CliRunner().invoke(main, ["accept", *map(str, arguments), *WHY])


def entries(file):
    return [(each.mechanism, each.subject, each.versions) for each in ledger.parse(file, load_all())]


def test_a_finding_is_accepted_by_its_mechanism_on_its_version(path, tmp_path):
    answer = accept(path, LAW)
    assert answer.exit_code == 0
    assert f"{LAW} by {SEEDS} on tensorflow:graph==2.1.4" in answer.stdout
    assert entries(tmp_path / "bncheck.toml") == [(SEEDS, "tensorflow:graph", "==2.1.4")]
    found = ledger.accepted(record.read(path), ledger.load(load_all(), tmp_path))
    assert [("accepted" in each) for each in record.findings(found["cells"][0]["results"][0])] == [True, False]


def test_what_takes_two_mechanisms_is_two_entries_and_none_twice(path, tmp_path):
    assert accept(path, f"{LAW}@tf2.1:graph", "--versions", "<2.2").exit_code == 0
    assert accept(path, f"{LAW}@tf2.1:graph#2", "--versions", "<2.2").exit_code == 0
    assert [name for name, *_ in entries(tmp_path / "bncheck.toml")] == [SEEDS, FLOOR]
    answer = accept(path, LAW)
    assert answer.exit_code == 2
    assert "is accepted in" in answer.stderr


@pytest.mark.parametrize("text", ["[tool.bncheck]\n", "[tool.bncheck]\nledger = []\n", "[tool.other]\na = 1 # kept\n"])
def test_the_rest_of_the_file_stays_as_it_is(path, tmp_path, text):
    file = tmp_path / "pyproject.toml"
    file.write_text(f"# a comment\n{text}[project]\nname = 'x'   # odd spaces\n")
    assert accept(path, LAW, "--file", file).exit_code == 0
    assert entries(file) == [(SEEDS, "tensorflow:graph", "==2.1.4")]
    assert "# a comment\n" in file.read_text()
    assert "name = 'x'   # odd spaces\n" in file.read_text()


def test_the_case_can_be_read_in_the_file(path, tmp_path):
    accept(path, LAW)
    text = (tmp_path / "bncheck.toml").read_text()
    assert 'case = \'{"network":' in text
    [entry] = tomllib.loads(text)["ledger"]
    assert json.loads(entry["case"]) == finding()["case"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.json", LAW], "cannot be read"),
        (["record.json", "rows_permute"], "no finding of the record is called"),
        (["record.json", LAW, "--versions", "2 to 3"], "is no range of versions"),
        (["record.json", LAW, "--link", "javascript:1"], "a link that begins with https://"),
        (["record.json", LAW, "--reason", " "], "an entry has a reason"),
        (["record.json", LAW, "--file", "bad.toml"], "is not TOML"),
        (["record.json", LAW, "--file", "none/bncheck.toml"], "cannot be written"),
        (["pair.json", LAW], "is not one framework"),
        (["odd.json", LAW], "no law is called"),
    ],
)
def test_bad_input_is_one_line_and_2_and_nothing_is_written(path, tmp_path, arguments, says):
    (tmp_path / "bad.toml").write_text("[[")
    pair = cell("a ~ b", failing(), names=["a", "b"], subject="torch==1 ~ keras==2")
    record.write(made(pair), tmp_path / "pair.json")
    record.write(made(cell("a", failing(law="no_such_law"))), tmp_path / "odd.json")
    if arguments[0] == "odd.json":
        arguments = ["odd.json", "no_such_law"]
    answer = CliRunner().invoke(main, ["accept", *arguments[:2], *WHY, *arguments[2:]])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert re.search(says, answer.stderr)
    assert len(answer.stderr.splitlines()) == 1
    assert not (tmp_path / "bncheck.toml").exists()
