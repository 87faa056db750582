"""The sizes that the design sets."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "bncheck"
FILES = sorted(PACKAGE.rglob("*.py"))
LAWS = [path for path in FILES if path.parent.name == "invariants" and path.name != "__init__.py"]
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_LAW = 45, 350, 80


def name(path):
    return str(path.relative_to(PACKAGE))


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def definitions(path, *kinds):
    return [node for node in ast.walk(tree(path)) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_short(path):
    assert len(lines(path)) <= LONGEST_FILE


@pytest.mark.parametrize("path", LAWS, ids=name)
def test_a_law_is_shorter(path):
    assert len(lines(path)) <= LONGEST_LAW


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_is_short(path):
    sizes = {f.name: f.end_lineno - f.lineno + 1 for f in definitions(path, ast.FunctionDef, ast.AsyncFunctionDef)}
    assert {function: size for function, size in sizes.items() if size > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", [path for path in FILES if lines(path)], ids=name)
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(tree(path))


def test_the_median_function_is_a_few_lines():
    functions = [f for path in FILES for f in definitions(path, ast.FunctionDef)]
    sizes = sorted(f.end_lineno - f.lineno + 1 for f in functions)
    assert sizes[len(sizes) // 2] <= 13


def test_no_path_of_this_machine_is_in_the_package():
    assert [name(path) for path in FILES if str(Path.home()) + "/" in path.read_text(encoding="utf-8")] == []
