"""Imports run one way, nothing heavy happens at import, and the matrix needs the standard library alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ("tensorflow", "keras", "torch", "jax", "mlx", "flax")
THIRD_PARTY = ("numpy", "hypothesis", "click", "rich", "packaging", "filelock", "platformdirs", "uv", *FRAMEWORKS)


def python(code, *options):
    command = [sys.executable, "-I", *options, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_layers_and_the_island_hold():
    pytest.importorskip("importlinter")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("code", ["import bncheck", "from bncheck.subjects import matrix; assert matrix.cells()"])
def test_it_runs_in_an_interpreter_with_nothing_installed(code):
    result = python(f"{code}\nassert not [p for p in sys.path if 'site-packages' in p]", "-S")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("code", ["import bncheck", "from bncheck.subjects import matrix; matrix.cells()"])
def test_it_loads_no_third_party_module(code):
    result = python(f"{code}\nprint(*sorted(set(sys.modules) & set({THIRD_PARTY!r})))")
    assert (result.returncode, result.stdout.split()) == (0, [])


def test_the_command_line_and_the_search_load_no_framework():
    modules = "bncheck.commands, bncheck.engine.campaign, bncheck.engine.in_process, bncheck.invariants"
    code = f"import {modules}\nbncheck.invariants.load_all()\nprint(*sorted(set(sys.modules) & set({FRAMEWORKS!r})))"
    result = python(code)
    assert (result.returncode, result.stdout.split()) == (0, []), result.stderr


def test_check_is_loaded_at_its_first_use():
    result = python("import bncheck\nassert 'numpy' not in sys.modules\nassert callable(bncheck.check)")
    assert result.returncode == 0, result.stderr


def test_what_bncheck_does_not_have_is_an_attribute_error():
    result = python("import bncheck\nbncheck.nothing")
    assert "AttributeError: module 'bncheck' has no attribute 'nothing'" in result.stderr


def test_the_pytest_plugin_loads_nothing_where_it_is_not_asked():
    result = python("import bncheck.pytest_plugin\nprint(*sorted(m for m in sys.modules if m.startswith('bncheck')))")
    assert result.stdout.split() == ["bncheck", "bncheck.pytest_plugin"]
