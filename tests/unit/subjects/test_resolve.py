import json
import re
import sys
import venv
from dataclasses import replace

import pytest

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import index, matrix, provision, resolve
from bncheck.subjects.matrix import Cell


@pytest.fixture(autouse=True)
def nothing_active(tmp_path, monkeypatch):
    """An active environment without a framework; answers of interpreters are not kept between tests."""
    resolve._ask.cache_clear()
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "none"))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setattr(sys, "executable", str(pretend(tmp_path, "active")))


def pretend(folder, name="python", version=(3, 9), **found):
    """A program that answers as an interpreter with these modules does."""
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{json.dumps({'python': version, 'found': found})}'\n")
    program.chmod(0o755)
    return program


def one(*names, **more):
    (spec,) = resolve.resolve(names, **more)
    return spec


def test_a_cells_name_is_that_cell():
    spec = one("tf1.14")
    assert (spec.name, spec.adapter, spec.mode, spec.python) == ("tf1.14", "tensorflow", None, None)
    assert spec.cell == matrix.cell("tf1.14")


def test_a_requirement_is_worked_out_from_the_index(monkeypatch):
    cell = Cell("keras==3.15.1:jax", "keras", ("keras==3.15.1",), "3.13", None, "jax")
    monkeypatch.setattr(index, "cell_for", {"keras==3.15.1:jax": cell}.__getitem__)
    spec = one("keras==3.15.1:jax")
    assert (spec.name, spec.adapter, spec.mode, spec.cell) == ("keras==3.15.1:jax", "keras", "jax", cell)


@pytest.mark.parametrize("name", ["tf2.1:graph", "tensorflow==2.1.0:graph"])
def test_a_mode_that_needs_nothing_installed_runs_in_the_environment_without_it(monkeypatch, name):
    plain = matrix.cell("tf2.1")
    monkeypatch.setattr(index, "cell_for", {"tensorflow==2.1.0:graph": replace(plain, name="tensorflow==2.1.0")}.get)
    spec = one(name)
    assert (spec.name, spec.adapter, spec.mode, spec.cell.mode) == (name, "tensorflow", "graph", None)
    assert spec.cell.require == plain.require


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tf2.1:grap", "mode of tensorflow is called 'grap': did you mean graph"),
        ("torch2.13:graph", "torch has no modes"),
        ("keras3.15-tf:jax", "keras3.15-tf is tensorflow already: leave out ':jax'"),
        ("tfkeras2.21:graph", "tfkeras2.21 is tf-keras already"),
    ],
)
def test_a_mode_of_a_cell_is_checked(name, says):
    with pytest.raises(UsageError, match=re.escape(says)):
        one(name)


def test_the_reference_needs_no_interpreter():
    assert one("reference") == resolve.Spec("reference", "reference")


def test_a_name_that_comes_twice_is_one_subject():
    assert [spec.name for spec in resolve.resolve(["tf1.14", "torch2.13", "tf1.14"])] == ["tf1.14", "torch2.13"]


@pytest.mark.parametrize(("name", "near"), [("tf1.41", "tf1.14"), ("torhc", "torch"), ("referense", "reference")])
def test_an_unknown_name_is_answered_with_the_nearest(name, near):
    with pytest.raises(UnknownName, match=f"did you mean .*{near}"):
        resolve.resolve([name])


def test_a_bare_name_is_what_the_named_interpreter_has(tmp_path):
    python = str(pretend(tmp_path, torch="2.13.0"))
    assert one("torch", python=python) == resolve.Spec("torch", "torch", None, python)


def test_a_bare_name_is_what_the_active_environment_has(tmp_path, monkeypatch):
    python = pretend(tmp_path / "env", "bin/python", torch="1.8.1")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "env"))
    assert one("torch").python == str(python)


def test_a_bare_name_that_the_active_environment_lacks_is_the_newest_cell():
    assert [one(name).name for name in ("keras", "torch", "tensorflow", "tf-keras", "keras:jax")] == [
        "keras3.15-tf",
        "torch2.13",
        "tfkeras2.21",
        "tfkeras2.21",
        "keras3.15-jax",
    ]


def test_a_bare_name_that_the_named_interpreter_lacks_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="has no torch: it has keras"):
        resolve.resolve(["torch"], python=str(pretend(tmp_path, keras="3.1.0", jax="0.4")))


def test_no_name_is_every_framework_of_the_interpreter(tmp_path):
    python = str(pretend(tmp_path, keras="3.15.1", tensorflow="2.21.0", torch="2.13.0"))
    found = resolve.resolve([], python=python)
    assert [(spec.name, spec.mode) for spec in found] == [("keras", "tensorflow"), ("torch", None)]


def test_no_name_and_no_framework_is_the_newest_keras_and_torch():
    assert [spec.name for spec in resolve.resolve([])] == ["keras3.15-tf", "torch2.13"]


def test_an_interpreter_without_any_framework_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="has no framework that bncheck knows"):
        resolve.resolve([], python=str(pretend(tmp_path)))


@pytest.mark.parametrize(
    ("found", "modes"),
    [
        ({"keras": "2.15.0", "tensorflow": "2.15.1"}, {"tensorflow": None}),
        ({"keras": "3.15.1", "tensorflow": "2.21.0"}, {"keras": "tensorflow"}),
        (
            {"keras": "3.15.1", "tensorflow": "2.21.0", "tf_keras": "2.21.0"},
            {"keras": "tensorflow", "tensorflow": "tf-keras"},
        ),
        ({"keras": "3.15.1", "torch": "2.13.0"}, {"keras": "torch", "torch": None}),
        ({"keras": "3.15.1"}, {"keras": None}),
        ({"tensorflow": None}, {"tensorflow": None}),
    ],
)
def test_a_frameworks_mode_follows_from_what_stands_beside_it(tmp_path, found, modes):
    assert resolve.frameworks(str(pretend(tmp_path, **found)), {}) == modes


def test_the_users_own_backend_is_kept(tmp_path):
    python = str(pretend(tmp_path, keras="3.15.1", tensorflow="2.21.0", jax="0.12"))
    assert resolve.frameworks(python, {"KERAS_BACKEND": "jax"}) == {"keras": "jax"}


def test_a_mode_of_a_bare_name_is_checked(tmp_path):
    python = str(pretend(tmp_path, keras="3.15.1", torch="2.13.0"))
    assert one("keras:jax", python=python).mode == "jax"
    with pytest.raises(UnknownName, match="did you mean jax"):
        one("keras:jx", python=python)
    with pytest.raises(UsageError, match="torch has no modes"):
        one("torch:compile", python=python)


def test_an_interpreter_is_for_bare_names_alone(tmp_path):
    python = str(pretend(tmp_path, torch="2.13.0"))
    with pytest.raises(UsageError, match=r"none is among tf1\.14, reference"):
        resolve.resolve(["tf1.14", "reference"], python=python)
    assert [spec.python for spec in resolve.resolve(["tf1.14", "torch"], python=python)] == [None, python]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "none", "there is no such file"),
        (lambda folder: folder, "is a folder: name the interpreter in it"),
        (lambda folder: "/bin/ls", "does not run as Python 3.7 or newer"),
        (lambda folder: pretend(folder, version=(3, 6), torch="1.4"), "is Python 3.6: the worker needs 3.7"),
    ],
)
def test_what_is_no_interpreter_is_told_in_one_line(tmp_path, make, says):
    with pytest.raises(UsageError, match=says) as caught:
        resolve.resolve(["torch"], python=str(make(tmp_path)))
    assert "\n" not in str(caught.value)


def test_a_real_interpreter_is_asked_without_importing_its_frameworks(tmp_path, monkeypatch):
    monkeypatch.undo()
    venv.create(tmp_path, symlinks=True)
    packages = next(tmp_path.glob("lib/python*/site-packages"))
    (packages / "torch").mkdir()
    (packages / "torch" / "__init__.py").write_text("raise SystemExit('imported')")
    (packages / "torch-1.8.1+cpu.dist-info").mkdir()
    (packages / "torch_geometric-2.0.dist-info").mkdir()
    python = str(provision.python_of(tmp_path))
    assert resolve._ask(python) == {"torch": "1.8.1+cpu"}
    assert resolve.resolve([], python=python) == [resolve.Spec("torch", "torch", None, python)]


def test_a_layers_file_is_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    layers = [spec.layer for spec in resolve.resolve(["torch2.13", "reference"], layer="mine.py:Norm")]
    assert layers == [f"{tmp_path / 'mine.py'}:Norm", None]
    assert one("torch2.13", layer="mine:Norm").layer == "mine:Norm"


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ("mine.py", "FILE.py:NAME"),
        (":Norm", "FILE.py:NAME"),
        ("a:b-c", "FILE.py:NAME"),
        ("no.py:A", "there is no file"),
    ],
)
def test_a_malformed_layer_is_told(layer, says):
    with pytest.raises(UsageError, match=says):
        resolve.resolve(["torch2.13"], layer=layer)


def test_a_layer_needs_a_framework():
    with pytest.raises(UsageError, match="name a framework too"):
        resolve.resolve(["reference"], layer="mine:Norm")


def test_a_cells_interpreter_is_provisioned_and_an_interpreter_is_itself(monkeypatch):
    monkeypatch.setattr(provision, "environment", lambda cell, progress: f"envs/{cell.name}")
    assert resolve.python_of(one("torch2.13")) == "envs/torch2.13"
    assert str(resolve.python_of(resolve.Spec("torch", "torch", None, "/there/python"))) == "/there/python"
