"""The matrix names every pinned subject, read with the standard library alone.

Runners (tox, nox, CI) read it before anything is installed, so nothing third-party may be imported here.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from bncheck.errors import UnknownName, UsageError

MATRIX = Path(__file__).with_name("matrix.toml")


@dataclass(frozen=True)
class Cell:
    """One pinned subject: what is installed, on which Python, as of which day, and in which mode it runs."""

    name: str
    framework: str
    require: tuple[str, ...]
    python: str
    as_of: str | None = None
    mode: str | None = None


KEYS = frozenset(field.name for field in fields(Cell)) - {"name"}
REQUIRED_KEYS = ("framework", "require", "python")


class MatrixFault(UsageError):
    """A line of the matrix that cannot be read; the message names the line's cell and its fault."""

    def __init__(self, name: str, fault: str):
        super().__init__(f"the matrix's cell {name!r} {fault}")


def parse(text: str) -> dict[str, Cell]:
    """Cells come back in the order of the file."""
    try:
        lines = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the matrix is not TOML: {error}") from error
    return {name: _cell(name, line) for name, line in lines.items()}


def _cell(name: str, line: object) -> Cell:
    if not isinstance(line, dict):
        raise MatrixFault(name, "is not a table: write { framework = ..., require = [...], python = ... }")
    for key in line:
        if key not in KEYS:
            raise MatrixFault(name, f"has an unknown key {key!r}: the keys are {', '.join(sorted(KEYS))}")
    for key in REQUIRED_KEYS:
        if not line.get(key):
            raise MatrixFault(name, f"has no {key!r}")
    _check_types(name, line)
    return Cell(name=name, **{**line, "require": tuple(line["require"])})


def _check_types(name: str, line: dict) -> None:
    require = line["require"]
    if not isinstance(require, list) or not all(isinstance(item, str) for item in require):
        raise MatrixFault(name, "has a 'require' that is not a list of strings")
    for key in sorted(set(line) - {"require"}):
        # An unquoted 3.10 is the number 3.1, and an unquoted date is not a string either.
        if not isinstance(line[key], str):
            raise MatrixFault(name, f"has a {key!r} that is not a string: quote it")


@cache
def _read() -> dict[str, Cell]:
    return parse(MATRIX.read_text(encoding="utf-8"))


def cells() -> dict[str, Cell]:
    """Every cell by its name, in the order of the file."""
    return dict(_read())


def cell(name: str) -> Cell:
    """The cell of that name; an unknown name is answered with the nearest ones."""
    try:
        return _read()[name]
    except KeyError:
        raise UnknownName("cell", name, _read()) from None


def newest(framework: str) -> Cell:
    """The last cell of a framework in the file is its newest."""
    found = [each for each in _read().values() if each.framework == framework]
    if not found:
        raise UnknownName("framework", framework, {each.framework for each in _read().values()})
    return found[-1]


def github() -> dict:
    """The matrix as a CI strategy: one entry a cell."""
    return {
        "include": [
            {"cell": each.name, "python": each.python, "framework": each.framework} for each in _read().values()
        ]
    }
