import json

import pytest
from click.testing import CliRunner

from bncheck.commands.matrix import matrix as command
from bncheck.subjects import matrix


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_table_has_a_line_a_cell_and_cuts_nothing_off(run):
    output = run().output
    for cell in matrix.cells().values():
        assert any(f" {cell.name} " in line and ", ".join(cell.require) in line for line in output.splitlines())


def test_github_is_one_line_of_json_and_nothing_else(run):
    result = run("--github")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == matrix.github()
    assert result.stderr == ""
