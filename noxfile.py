"""nox has the same sessions as tox, and `cells`, one a cell of the matrix: `nox -s "cells(tf1.14)"`."""

import sys
from pathlib import Path

import nox

# nox may run from an environment of its own, in which bncheck is not installed.
sys.path.insert(0, str(Path(__file__).parent))

from bncheck.subjects import matrix

nox.options.sessions = ["lint", "types", "tests"]
CELLS = [nox.param(name, id=name) for name in matrix.cells()]


@nox.session
def lint(session):
    """Style, format and the direction of imports."""
    session.install("-e", ".[tests]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session):
    """The types of the package."""
    session.install("-e", ".[tests]")
    session.run("mypy", "bncheck")


@nox.session
def tests(session):
    """The unit and meta tests."""
    session.install("-e", ".[tests]")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
@nox.parametrize("cell", CELLS)
def cells(session, cell):
    """Every invariant on one cell; its environment is built by bncheck."""
    session.install("-e", ".")
    session.run("bncheck", "run", cell, *session.posargs)


@nox.session
def browser(session):
    """The HTML report in Chromium, which has to be installed."""
    session.install("-e", ".[tests,browser]")
    session.run("python", "-m", "pytest", "tests/browser", *session.posargs)


@nox.session
def docs(session):
    """The site of the documentation, in site/; `-- serve` shows it."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", *(session.posargs or ["build", "--strict"]))


@nox.session
def benchmark(session):
    """What a check costs, and what it sees."""
    session.install("-e", ".[tests]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def soundness(session):
    """Sound algorithms keep every law, and the bounds are not slack."""
    session.install("-e", ".")
    session.run("python", "-m", "soundness", *session.posargs)


@nox.session
def history(session):
    """On the versions that a law's origin names an example fails, and on the others all pass."""
    session.install("-e", ".")
    session.run("python", "-m", "history", *session.posargs)
