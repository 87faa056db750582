import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.engine import campaign
from bncheck.records import record
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "linear_activation_keeps_initial_weights"


@pytest.fixture(autouse=True)
def mutant(tmp_path, monkeypatch):
    """A cell is the reference with a fault; the cache is elsewhere."""
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    broken = Traits(initial_weights="by_position")
    monkeypatch.setattr(campaign, "open_subject", lambda spec, tell: reference_subject(broken, name=spec.name))


def bncheck(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture
def path():
    answer = bncheck("run", "tf1.14", "--select", LAW, "--max-examples", 5, "--record", "record.json")
    assert answer.exit_code == 1
    return Path("record.json")


def test_reports_of_a_record_are_those_of_its_run(path):
    options = [part for name in ("html", "junit", "sarif", "markdown") for part in ("--report", f"{name}={name}")]
    run = bncheck("run", "tf1.14", "--select", LAW, "--max-examples", 5, "--record", path, *options)
    assert run.exit_code == 1
    first = {name: Path(name).read_text() for name in ("html", "junit", "sarif", "markdown")}
    answer = bncheck("report", path, *options)
    assert (answer.exit_code, answer.output) == (0, "")
    assert {name: Path(name).read_text() for name in first} == first
    assert all(LAW in text for text in first.values())


def test_without_a_report_the_record_is_shown_with_commands_that_name_it(path):
    answer = bncheck("report", path)
    assert answer.exit_code == 0
    assert "1 verdict: 0 hold, 1 broken" in answer.stdout
    command = next(line.strip() for line in answer.stdout.splitlines() if line.startswith("  bncheck run"))
    assert command == f"bncheck run tf1.14 --select {LAW} --case record.json"
    assert bncheck(*shlex.split(command)[1:]).exit_code == 1


def test_a_device_is_written_to(path):
    answer = bncheck("report", path, "--report", "json=/dev/null", "--report", "html=x.html")
    assert (answer.exit_code, Path("x.html").exists()) == (0, True)


def test_a_report_is_written_where_a_cell_could_not_be_examined(monkeypatch):
    def opened(spec, tell):
        raise record.UsageError("no such wheel")

    monkeypatch.setattr(campaign, "open_subject", opened)
    answer = bncheck("run", "tf1.14", "--report", "junit=x.xml")
    assert answer.exit_code == 2
    assert "no such wheel" in Path("x.xml").read_text()


@pytest.mark.parametrize("verb", [["run", "tf1.14"], ["report", "record.json"]])
@pytest.mark.parametrize(
    ("option", "says"), [("sarf=x", "did you mean sarif?"), ("html", "html=FILE"), ("html=/none/x", "no folder")]
)
def test_an_option_that_is_wrong_is_told_before_anything_runs(path, verb, option, says, monkeypatch):
    monkeypatch.setattr(campaign, "run", None)
    monkeypatch.setattr(record, "read", None)
    answer = bncheck(*verb, "--report", "json=early.json", "--report", option)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("bncheck: ")
    assert len(answer.stderr.splitlines()) == 1
    assert says in answer.stderr
    assert not Path("early.json").exists()


def changed(path, **changes):
    return json.dumps(json.loads(path.read_text()) | changes)


@pytest.mark.parametrize("options", [[], ["--report", "html=x.html", "--report", "junit=x.xml"]])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda path: changed(path, schema=2), "is a record of schema 2, and this bncheck reads 1"),
        (lambda path: path.read_text()[:-200], "is not JSON, or broken off"),
        (lambda path: "<html>", "is not JSON"),
        (lambda path: '{"runs": []}', "is no record of bncheck"),
        (lambda path: changed(path, extra=1), "has an unknown key 'extra'"),
        (lambda path: changed(path, seed="</script>"), "seed is '</script>', not of type integer"),
        (lambda path: changed(path, cells=[None]), "cells[0] is None, not of type object"),
        (lambda path: changed(path, **{"a\nb\x1b[31m": 1}), "has an unknown key"),
        (lambda path: changed(path, bncheck="x") + "\ud800", "is not JSON"),
        (lambda path: "[" * 10**5, "nested too deeply"),
        (lambda path: "", "is not JSON"),
    ],
)
def test_a_bad_record_is_one_line_and_nothing_is_written(path, text, says, options):
    path.write_text(text(path), encoding="utf-8", errors="surrogatepass")
    answer = bncheck("report", path, *options)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1
    assert says in answer.stderr
    assert "\x1b" not in answer.stderr
    assert sorted(each.name for each in Path().iterdir()) == ["cache", "record.json"]


def test_a_record_that_is_nested_deeply_is_no_traceback(path):
    found = json.loads(path.read_text())
    place = found["cells"][0]["traits"]
    for _ in range(900):
        place["x"] = {}
        place = place["x"]
    path.write_text(json.dumps(found))
    for options in ([], ["--report", "html=x.html"], ["--report", "junit=x.xml"], ["--report", "sarif=x.sarif"]):
        answer = bncheck("report", path, *options)
        assert answer.exit_code in (0, 2), (options, answer.exception)
        assert len(answer.stderr.splitlines()) == (answer.exit_code == 2)


def test_no_record_is_told():
    answer = bncheck("report", "none.json")
    assert (answer.exit_code, answer.stderr) == (2, "bncheck: none.json cannot be read: No such file or directory\n")
