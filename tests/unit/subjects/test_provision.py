import os
import subprocess
import sys
import threading
import zipfile
from types import SimpleNamespace

import pytest
from filelock import FileLock

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import installer, interpreters, matrix, provision
from bncheck.subjects.matrix import Cell

PYTHON = f"3.{sys.version_info.minor}"
CELL = Cell("torch0.1", "torch", ("torch==0.1", "numpy"), PYTHON)


def wheel(folder, name, version, source=None):
    """A wheel of one module, made by hand."""
    source = f"__version__ = {version!r}\n" if source is None else source
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", source)
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A cache of one's own, and a wheel folder as the only source of packages."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "numpy", "1.0")
    wheel(folder, "torch", "0.1")
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(interpreters, "find", lambda version: sys.executable)
    return folder


@pytest.fixture
def calls(monkeypatch):
    """Every call of uv, which still runs."""
    seen = []
    run = installer.run

    def counted(arguments, **more):
        seen.append(arguments)
        return run(arguments, **more)

    monkeypatch.setattr(installer, "run", counted)
    return seen


def test_an_environment_has_the_cells_packages(wheels):
    python = provision.environment(CELL)
    code = "import numpy, torch; print(numpy.__version__, torch.__version__)"
    assert subprocess.check_output([python, "-I", "-c", code], text=True).split() == ["1.0", "0.1"]


def test_the_second_time_nothing_runs(wheels, monkeypatch):
    python = provision.environment(CELL)
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(interpreters, "find", None)
    assert provision.environment(CELL) == python


def test_progress_tells_each_step(wheels):
    lines = []
    provision.environment(CELL, lines.append)
    assert [line.split()[1] for line in lines] == ["looking", "installing", "importing", "built"]


def test_a_changed_recipe_is_another_environment():
    folder = provision.folder(CELL)
    assert folder != provision.folder(Cell("torch0.1", "torch", ("torch==0.1", "numpy<2"), PYTHON))
    assert folder != provision.folder(Cell("torch0.1", "torch", CELL.require, PYTHON, "2020-01-01"))
    assert folder == provision.folder(Cell("torch0.1", "torch", CELL.require, PYTHON, mode="compile"))


def test_a_requirements_name_makes_a_plain_folder():
    name = provision.folder(Cell("keras==3.15.1:jax", "keras", ("keras",), PYTHON)).name
    assert name.startswith("keras-3.15.1-jax-")


def test_a_build_that_was_broken_off_is_started_afresh(wheels):
    folder = provision.folder(CELL)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").touch()
    (folder / "left over").touch()
    python = provision.environment(CELL)
    assert not (folder / "left over").exists()
    assert subprocess.run([python, "-c", "import torch"], check=False).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="an environment's interpreter is a copy there")
def test_an_environment_whose_interpreter_is_gone_is_built_anew(wheels):
    python = provision.environment(CELL)
    python.unlink()
    python.symlink_to(wheels / "gone")
    assert provision.environment(CELL).resolve().exists()


def test_a_failed_build_names_the_package_and_its_log(wheels):
    with pytest.raises(provision.BuildFailed) as caught:
        provision.environment(Cell("bad", "torch", ("torch==0.1", "numpy", "nowhere==3"), PYTHON))
    first, *rest = str(caught.value).splitlines()
    assert first.startswith("bad could not be built: ")
    assert "nowhere" in first
    assert rest == [f"the whole log: {caught.value.log}"]
    assert "nowhere==3" in caught.value.log.read_text(encoding="utf-8")


def test_an_environment_whose_framework_does_not_import_is_not_whole(wheels):
    wheel(wheels, "torch", "0.2", "raise ImportError('libfoo.so is missing')\n")
    cell = Cell("broken", "torch", ("torch==0.2", "numpy"), PYTHON)
    with pytest.raises(provision.BuildFailed, match=r"torch does not import: ImportError: libfoo\.so is missing"):
        provision.environment(cell)
    assert not provision.is_built(cell)


def test_what_imports_prints_and_warns_does_not_disturb(wheels):
    wheel(
        wheels,
        "torch",
        "0.3",
        "print('hello', end='')\nimport sys; print('beware', file=sys.stderr)\n__version__ = 3\n",
    )
    assert provision.environment(Cell("loud", "torch", ("torch==0.3", "numpy"), PYTHON)).exists()


def test_two_processes_wait_for_each_other(wheels, calls):
    folder = provision.folder(CELL)
    folder.parent.mkdir(parents=True)
    waiting, lines, found = threading.Event(), [], []

    def other():
        found.append(provision.environment(CELL, lambda line: (lines.append(line), waiting.set())))

    with FileLock(f"{folder}.lock"):
        thread = threading.Thread(target=other)
        thread.start()
        assert waiting.wait(20)
        provision._build(CELL, folder, print)
    thread.join(20)
    assert found == [provision.python_of(folder)]
    assert lines == ["torch0.1: waiting for another process that builds it"]
    assert [arguments[0] for arguments in calls] == ["venv", "pip"]


@pytest.mark.parametrize(("texts", "runs"), [(["timed out", "timed out"], 2), (["no solution"], 1)])
def test_only_a_time_out_is_tried_once_more(wheels, monkeypatch, texts, runs):
    answers = iter(texts)
    monkeypatch.setattr(installer, "run", lambda *a, **k: SimpleNamespace(returncode=1, stdout=next(answers)))
    with pytest.raises(provision.BuildFailed):
        provision.environment(CELL)
    log = provision.folder(CELL).with_name(provision.folder(CELL).name + ".log")
    assert log.read_text(encoding="utf-8").count("$ uv venv") == runs


def test_a_time_out_followed_by_success_is_success(wheels, monkeypatch):
    run, answers = installer.run, iter([SimpleNamespace(returncode=1, stdout="operation timed out")])
    monkeypatch.setattr(installer, "run", lambda *a, **k: next(answers, None) or run(*a, **k))
    assert provision.environment(CELL).exists()


def test_a_date_and_tensorflow_cpu_shape_uvs_arguments(wheels, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(
        installer, "run", lambda arguments, **k: seen.append(arguments) or SimpleNamespace(returncode=0, stdout="")
    )
    cell = Cell("old", "tensorflow", ("tensorflow-cpu==2.1.4", "numpy"), "3.7", "2021-07-15")
    provision._install(cell, tmp_path, tmp_path / "log")
    (arguments,) = seen
    assert arguments[arguments.index("--exclude-newer") + 1] == "2021-07-15T00:00:00Z"
    assert (tmp_path / "bncheck-overrides.txt").read_text(encoding="utf-8").startswith("tensorflow ;")
    assert arguments[-2:] == ["tensorflow-cpu==2.1.4", "numpy"]


@pytest.mark.parametrize(
    ("cell", "modules"),
    [
        (Cell("a", "keras", ("keras==3.0.0", "tensorflow-cpu==2.16.1", "numpy"), "3.11", mode="tensorflow"),
         ["numpy", "keras", "tensorflow"]),
        (Cell("b", "tensorflow", ("tensorflow-cpu==2.21.0", "tf_keras==2.21.0", "numpy"), "3.13", mode="tf-keras"),
         ["numpy", "tensorflow", "tf_keras"]),
        (Cell("c", "torch", ("torch==1.8.1", "numpy<2"), "3.9", mode="compile"), ["numpy", "torch"]),
    ],
)  # fmt: skip
def test_the_framework_and_its_mode_must_import(cell, modules):
    assert provision.modules(cell) == modules


def test_keras_learns_its_backend_from_the_environment():
    assert provision.import_variables(Cell("a", "keras", ("keras",), "3.11", mode="jax"))["KERAS_BACKEND"] == "jax"
    assert "KERAS_BACKEND" not in provision.import_variables(CELL)


def test_a_password_stays_out_of_the_log(tmp_path):
    provision._append(tmp_path / "log", "uv --index https://user:secret@index.example/simple")
    assert (tmp_path / "log").read_text(encoding="utf-8") == "uv --index https://index.example/simple"


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="set BNCHECK_CACHE"):
        provision.environment(CELL)


@pytest.fixture
def cached(wheels, monkeypatch):
    """One current environment, one by requirement, one outdated and one broken."""
    old = Cell("torch0.1", "torch", ("torch", "numpy"), PYTHON)
    monkeypatch.setattr(matrix, "_read", lambda: {CELL.name: CELL})
    for cell in (CELL, Cell("torch==0.1", "torch", ("torch==0.1", "numpy"), PYTHON), old):
        folder = provision.folder(cell)
        (folder / "bin").mkdir(parents=True)
        provision._write_stamp(cell, folder, {"size_bytes": 10})
    (provision.cache() / "half-1234").mkdir()
    (provision.cache() / "half-1234/file").write_text("1234567", encoding="utf-8")
    return provision.folder(old)


def test_built_lists_whole_and_broken_environments(cached):
    rows = [(each.name, each.size_bytes, each.current) for each in provision.built()]
    assert sorted(rows) == [
        ("half-1234", 7, False), ("torch0.1", 10, False), ("torch0.1", 10, True), ("torch==0.1", 10, True),
    ]  # fmt: skip


def test_prune_removes_the_broken_and_the_outdated(cached):
    assert sorted(each.path.name for each in provision.prune()) == sorted(["half-1234", cached.name])
    assert sorted(each.name for each in provision.built()) == ["torch0.1", "torch==0.1"]


def test_prune_removes_all_where_it_is_told_to(cached):
    assert len(provision.prune(keep_current=False)) == 4
    assert provision.built() == []


def test_an_environment_that_is_being_built_is_left_alone(cached):
    with FileLock(f"{provision.cache() / 'half-1234'}.lock"):
        assert [each.path for each in provision.prune()] == [cached]


def test_remove_takes_every_environment_of_a_name(cached):
    assert len(provision.remove("torch0.1")) == 2
    with pytest.raises(UnknownName, match=r"did you mean torch==0\.1"):
        provision.remove("torch0.1")


def test_an_empty_cache_has_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "none"))
    assert provision.built() == provision.prune() == []
