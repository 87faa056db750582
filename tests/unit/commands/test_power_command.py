import json

import pytest
from click.testing import CliRunner

from bncheck.commands import main

FEW = ("--max-examples", "4", "--select", "moving_variance_matches_reference,rows_permute")


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


def power(*arguments):
    return CliRunner().invoke(main, ["power", *arguments])


def test_mutants_are_named_by_globs_and_shown_with_the_laws():
    answer = power("rows_tail_of_*", "moves_late", *FEW)
    assert "moves_late" in answer.stdout
    assert "rows_tail_of_4" in answer.stdout
    assert "gradient_reversed" not in answer.stdout
    assert "moving_variance_matches_reference" in answer.stdout


def test_json_has_everything():
    answer = power("moves_late", "moving_variance", "--json", "--seeds", "2", "--seed", "3", *FEW)
    found = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert found["seeds"] == [3, 4]
    assert [mutant["name"] for mutant in found["mutants"]] == ["moves_late"]
    assert [size["name"] for size in found["sizes"]] == ["moving_variance"]


def test_a_mutant_that_no_law_sees_is_exit_code_one():
    answer = power("gradient_reversed", *FEW)
    assert answer.exit_code == 1
    assert "0 of 1 mutant seen at every seed" in answer.stdout


def test_an_unknown_mutant_is_a_usage_error_with_the_nearest_name():
    answer = power("moves_lat")
    assert answer.exit_code == 2
    assert "moves_late" in answer.stderr
