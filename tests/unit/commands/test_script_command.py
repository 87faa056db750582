import json

import pytest
from click.testing import CliRunner

from bncheck.commands import main
from tests import made_records
from tests.unit.reports.test_script import made


@pytest.fixture
def file(tmp_path):
    record, *_ = made()
    record["cells"].append(made_records.cell("two", made_records.failing()))
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    return str(path)


def run(*arguments):
    return CliRunner().invoke(main, ["script", *arguments])


@pytest.mark.parametrize("name", ["moving_mean_matches_reference", "moving_mean_matches_reference@one"])
def test_a_finding_is_named_by_its_law_and_its_cell(file, name):
    found = run(file, name)
    assert found.exit_code == 0
    assert found.output.startswith('"""A finding of bncheck')


@pytest.mark.parametrize(
    "name", ["moving_mean", "moving_mean_matches_reference@two", "moving_mean_matches_reference#2"]
)
def test_a_finding_that_is_not_there_is_told_in_one_line(file, name):
    found = run(file, name)
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    assert "moving_mean_matches_reference@one" in found.output


def test_a_finding_that_no_program_says_is_told_in_one_line(file):
    found = run(file, "linear_activation_keeps_initial_weights@two")
    assert (found.exit_code, found.output.count("\n")) == (2, 1)
    assert "two==1" in found.output


def test_a_record_without_findings(tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps(made_records.made()))
    assert "no finding" in run(str(path), "x").output
