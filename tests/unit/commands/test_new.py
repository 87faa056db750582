import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bncheck.commands import main, new
from tests.unit.reports.test_script import LAW, made

ROOT = Path(__file__).parents[3]
LINK = "https://github.com/x/y/issues/1"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(new, "_checkout", lambda: tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["new", *arguments])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the source, with a law that `bncheck new` wrote from a finding."""
    place = tmp_path_factory.mktemp("checkout")
    for name in ("bncheck", "tests"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    record, *_ = made()
    (place / "record.json").write_text(json.dumps(record))
    command = ["bncheck", "new", "water_is_wet", "--link", LINK, "--from", "record.json", LAW.name]
    subprocess.run([sys.executable, "-m", *command], cwd=place, check=True)
    return place


def test_the_tests_say_what_is_missing_in_a_new_law(checkout):
    command = ["pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "tests/meta/test_laws.py", "-k", "water_is_wet"]
    found = subprocess.run([sys.executable, "-m", *command], cwd=checkout, capture_output=True, text=True, check=False)
    failed = {line.split("::")[1].partition("[")[0] for line in found.stdout.splitlines() if line.startswith("FAILED")}
    assert {
        "test_the_reference_passes",
        "test_one_of_its_examples_finds_its_mutant",
        "test_its_docstring_says_the_law_and_why",
    } <= failed
    assert " passed" in found.stdout


def test_the_findings_case_is_the_example(checkout):
    code = "from bncheck.invariants import load_all; print(load_all()['water_is_wet'].examples[0].digest)"
    found = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == LAW.examples[0].digest


def test_without_a_finding_there_is_an_example_too(folder):
    found = run("water_is_wet", "--link", LINK)
    assert found.exit_code == 0
    values = {}
    exec((folder / "water_is_wet.py").read_text(), values)
    assert len(values["EXAMPLES"]) == 1
    assert values["ORIGIN"].link == LINK
    assert str(folder / "water_is_wet.py") in found.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Water", "--link", LINK], "small letters"),
        (["../x", "--link", LINK], "small letters"),
        (["water", "--link", "issue 1"], "--link"),
        (["water", "--link", 'https://x/"); import os #'], "--link"),
        (["there", "--link", LINK], "already"),
        (["water", "--link", LINK, "--from", "absent.json", "x"], "absent.json"),
    ],
)
def test_what_cannot_be_written_is_told_in_one_line(folder, arguments, said):
    (folder / "there.py").write_text("kept")
    found = run(*arguments)
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    assert said in found.output
    assert [path.name for path in folder.iterdir()] == ["there.py"]
    assert (folder / "there.py").read_text() == "kept"


def test_an_installed_bncheck_has_no_place_for_a_law(tmp_path, monkeypatch):
    monkeypatch.setattr(new.invariants, "__file__", str(tmp_path / "bncheck" / "invariants" / "__init__.py"))
    found = run("water_is_wet", "--link", LINK)
    assert found.exit_code == 2
    assert "checkout" in found.output
