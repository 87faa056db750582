import ast
from pathlib import Path

import pytest

import bncheck.worker

FOLDER = Path(bncheck.worker.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
TOO_NEW = {
    "3.8, a walrus": "if (n := 1): pass",
    "3.8, positional only": "def f(a, /): pass",
    "3.9, brackets of a with": "with (open('a') as a, open('b') as b): pass",
    "3.10, match": "match 1:\n    case 1: pass",
}
# What grammar does not see: names that the standard library has only since 3.8 or later.
NEW_NAMES = {
    "cache",
    "cached_property",
    "removeprefix",
    "removesuffix",
    "is_relative_to",
    "pairwise",
    "prod",
    "tomllib",
}


def test_the_worker_has_files():
    assert {path.name for path in FILES} >= {"__main__.py", "codec.py", "program.py", "torch.py", "keras.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_of_the_worker_is_python_37(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_of_the_worker_uses_no_newer_name(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert not (attributes & NEW_NAMES)
    assert "strict" not in keywords


@pytest.mark.parametrize("text", TOO_NEW.values(), ids=TOO_NEW)
def test_newer_syntax_would_be_seen(text):
    with pytest.raises(SyntaxError):
        ast.parse(text, feature_version=(3, 7))
