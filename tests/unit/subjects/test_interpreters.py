import os
import stat
import sys
from pathlib import Path

import pytest

from bncheck.errors import UsageError
from bncheck.subjects import interpreters

HERE = f"3.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def forget():
    """What one test found is not what the next one finds."""
    interpreters.find.cache_clear()
    interpreters.installed.cache_clear()
    yield
    interpreters.find.cache_clear()
    interpreters.installed.cache_clear()


@pytest.fixture
def no_uv(monkeypatch):
    monkeypatch.setattr(interpreters, "_uv", lambda *arguments: "")


def program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def python(path, version, implementation="cpython"):
    """A program that answers as an interpreter of that version."""
    return program(path, f"printf '%s\\n' {implementation} {version} {path}")


def environ(*folders, **more):
    return {"PATH": os.pathsep.join(map(str, folders)), **more}


def test_the_running_version_is_found_and_runs(no_uv, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    assert os.access(interpreters.find(HERE), os.X_OK)


def test_a_shim_that_does_not_answer_is_passed_over(tmp_path, no_uv, monkeypatch):
    program(tmp_path / "shims/python3.7", "echo 'pyenv: python3.7: command not found' >&2; exit 127")
    real = python(tmp_path / "bin/python3.7", "3.7")
    monkeypatch.setenv("PATH", f"{tmp_path}/shims{os.pathsep}{tmp_path}/bin")
    assert interpreters.find("3.7") == real


def test_the_name_alone_is_not_believed(tmp_path, no_uv, monkeypatch):
    python(tmp_path / "a/python3.7", "3.8")
    python(tmp_path / "b/python3.7", "3.7", implementation="pypy")
    monkeypatch.setenv("PATH", f"{tmp_path}/a{os.pathsep}{tmp_path}/b")
    monkeypatch.setattr(interpreters, "in_pyenv", lambda version: iter(()))
    assert interpreters.installed("3.7") is None


def test_a_plain_python3_of_that_version_will_do(tmp_path, no_uv, monkeypatch):
    real = python(tmp_path / "bin/python3", "3.7")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(interpreters, "in_pyenv", lambda version: iter(()))
    assert interpreters.find("3.7") == real


def test_pyenvs_newest_patch_release_comes_first(tmp_path):
    for patch in ("3.7.9", "3.7.16", "3.10.2"):
        python(tmp_path / f"versions/{patch}/bin/python{patch.rpartition('.')[0]}", patch)
    found = list(interpreters.in_pyenv("3.7", {"PYENV_ROOT": str(tmp_path)}))
    assert [path.parts[-3] for path in found] == ["3.7.16", "3.7.9"]


@pytest.mark.parametrize("place", ["PYENV_ROOT", "HOME", "shims", "pyenv", "linked pyenv"])
def test_pyenv_is_found_from_wherever_it_shows(tmp_path, place):
    root = tmp_path / ".pyenv"
    (root / "versions").mkdir(parents=True)
    program(root / "bin/pyenv", "")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pyenv").symlink_to(root / "bin/pyenv")
    variables = {
        "PYENV_ROOT": environ(PYENV_ROOT=str(root)),
        "HOME": environ(HOME=str(tmp_path)),
        "shims": environ(root / "shims"),
        "pyenv": environ(root / "bin"),
        "linked pyenv": environ(tmp_path / "bin"),
    }
    assert interpreters.pyenv_roots(variables[place]) == [root]


def test_an_empty_environment_has_no_pyenv():
    assert interpreters.pyenv_roots({}) == []


def test_uv_downloads_what_is_nowhere(tmp_path, monkeypatch):
    asked = []

    def uv(*arguments):
        asked.append(arguments[1])
        return str(python(tmp_path / "uv/python3.7", "3.7")) if "install" in asked else ""

    monkeypatch.setattr(interpreters, "_uv", uv)
    monkeypatch.setattr(interpreters, "in_pyenv", lambda version: iter(()))
    monkeypatch.setenv("PATH", "")
    assert interpreters.find("3.7") == tmp_path / "uv/python3.7"
    assert asked == ["find", "install", "find"]


def test_a_python_that_cannot_be_had_is_one_line(no_uv, monkeypatch):
    monkeypatch.setattr(interpreters, "in_pyenv", lambda version: iter(()))
    with pytest.raises(UsageError, match=r"CPython 3\.6 is not here .*install") as caught:
        interpreters.find("3.6")
    assert "\n" not in str(caught.value)
