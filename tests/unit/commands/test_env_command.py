from pathlib import Path

import pytest
from click.testing import CliRunner

from bncheck.commands.env import env
from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import matrix, provision


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(env, arguments)


@pytest.fixture
def builds(monkeypatch):
    """Builds that only say what they were asked for; tf2.0 fails."""
    asked = []

    def environment(cell, progress):
        asked.append(cell.name)
        progress(f"{cell.name}: looking")
        if cell.name == "tf2.0":
            raise provision.BuildFailed(cell, "no such package", Path("the.log"))
        return Path("envs") / cell.name / "python"

    monkeypatch.setattr(provision, "environment", environment)
    return asked


@pytest.fixture
def built(run):
    """One environment of a cell, and one that was broken off."""
    cell = matrix.cell("torch1.4")
    folder = provision.folder(cell)
    folder.mkdir(parents=True)
    provision._write_stamp(cell, folder, {"size_bytes": 3_000_000})
    (provision.cache() / "half-1").mkdir()
    return folder


def test_build_gives_the_interpreter_on_stdout_and_progress_on_stderr(run, builds):
    result = run("build", "torch1.4")
    assert result.stdout == f"torch1.4 {Path('envs/torch1.4/python')}\n"
    assert result.stderr == "torch1.4: looking\n"


def test_one_failure_does_not_stop_the_others(run, builds):
    result = run("build", "tf2.0", "torch1.4")
    assert builds == ["tf2.0", "torch1.4"]
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == "tf2.0 could not be built: no such package\nthe whole log: the.log"


def test_every_name_is_checked_before_anything_is_built(run, builds):
    assert isinstance(run("build", "torch1.4", "torch1.44").exception, UnknownName)
    assert builds == []


def test_build_wants_a_name(run):
    assert run("build").exit_code == 2


def test_list_tells_what_is_whole_and_what_is_broken(run, built):
    lines = run("list").output.splitlines()
    assert any("torch1.4 " in line and " current " in line and str(built) in line for line in lines)
    assert any("half-1 " in line and " broken " in line for line in lines)
    assert lines[-1] == "2 environments, 3 MB"


def test_prune_keeps_the_current_ones(run, built):
    assert run("prune").output.splitlines() == ["removed half-1", "1 removed, 0 MB"]
    assert built.exists()


def test_prune_removes_the_named_ones_and_only_those(run, built):
    assert run("prune", "torch1.4").output.splitlines() == [f"removed {built.name}", "1 removed, 3 MB"]
    assert [each.name for each in provision.built()] == ["half-1"]


def test_prune_all_empties_the_cache(run, built):
    run("prune", "--all")
    assert provision.built() == []
