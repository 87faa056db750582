import shlex

import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.errors import LISTED_BY, UnknownName
from bncheck.invariants import load_all
from bncheck.subjects import matrix


def test_names_that_are_near_are_told():
    assert "'rows_permutes': did you mean rows_permute" in str(UnknownName("law", "rows_permutes", load_all()))


@pytest.mark.parametrize(("kind", "known"), [("law", load_all()), ("cell", matrix.cells()), ("environment", ())])
def test_where_none_is_near_one_short_line_names_what_lists_them(kind, known):
    told = str(UnknownName(kind, "xyzzy", known))
    assert told == f"no {kind} is called 'xyzzy': `{LISTED_BY[kind]}` lists them"


def test_where_there_are_few_they_are_told():
    assert str(UnknownName("mode of keras", "xyzzy", {"jax", "torch"})).endswith("there are: jax, torch")


@pytest.mark.parametrize("command", sorted(set(LISTED_BY.values())))
def test_what_is_said_to_list_them_is_a_command(command, monkeypatch, tmp_path):
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path))
    assert CliRunner().invoke(main, shlex.split(command)[1:]).exit_code == 0
