"""Every runner names exactly the matrix's cells."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bncheck.commands.matrix import matrix as command
from bncheck.subjects import matrix

ROOT = Path(__file__).parents[2]
CELLS = list(matrix.cells())


def answer(*arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_tox_has_an_environment_for_every_cell(tmp_path):
    pytest.importorskip("tox")
    names = answer("tox", "list", "--no-desc", "-q", "--workdir", str(tmp_path)).split()
    assert [name for name in names if name not in ("lint", "types", "tests")] == CELLS


def test_plain_tox_runs_lint_types_and_tests(tmp_path):
    pytest.importorskip("tox")
    assert answer("tox", "list", "-d", "--no-desc", "-q", "--workdir", str(tmp_path)).split() == [
        "lint",
        "types",
        "tests",
    ]


def test_a_cells_tox_environment_runs_that_cell(tmp_path):
    pytest.importorskip("tox")
    arguments = ["-e", CELLS[0], "-k", "commands", "--workdir", str(tmp_path), "--", "--budget", "5"]
    assert f"bncheck run {CELLS[0]} --budget 5" in answer("tox", "config", *arguments)


def test_nox_has_a_session_for_every_cell():
    pytest.importorskip("nox")
    assert re.findall(r"cells\((\S+)\)", answer("nox", "--list").partition("Sessions defined")[2]) == CELLS


def test_ci_has_an_entry_for_every_cell():
    entries = json.loads(CliRunner().invoke(command, ["--github"]).stdout)["include"]
    assert [entry["cell"] for entry in entries] == CELLS
