"""Milliseconds a check (a law on a case) of bncheck beside the plain suite, at the margin, in one run.

Each round draws with other seeds, first in the plain suite and then in bncheck, which takes so little of the time that
it is measured at several; what the examples up to FIRST take is left out, so that imports, building and compiling at
the start are in neither.
"""

import contextlib
import importlib.metadata
import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.common import (
    REFERENCE,
    install_beside,
    laws_of_a_layer,
    median,
    python_of,
    searched,
    started,
    text,
)
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.subjects import matrix
from bncheck.subjects.transport import ENVIRONMENT

CELLS = ("keras3.15-tf", "torch2.13")
FIRST, LAST, ROUNDS = 50, 150, 3
SEEDS = 5  # that bncheck is measured at in a round
GOAL = 10.0


def measure(cells=CELLS, first=FIRST, last=LAST, rounds=ROUNDS):
    """For each cell the medians over the rounds."""
    return {name: _cell(name, first, last, rounds) for name in cells}


def _cell(name, first, last, rounds):
    found = []
    with plain_suite(name) as ask, started(name) as subject:
        for chosen in range(1, rounds + 1):
            plain = ask(first, last, chosen)
            seeds = range(chosen, 1 + rounds * SEEDS, rounds)
            found.append({**plain, **mean([ours(subject, first, last, seed) for seed in seeds])})
            found[-1]["times"] = found[-1]["plain_ms"] / found[-1]["bncheck_ms"]
    return {key: median([each[key] for each in found]) for key in found[0]} | {"rounds": found}


def ours(subject, first, last, seed):
    """What a check takes in bncheck between two numbers of examples, and what of it is whose.

    It is a longer search less a shorter one, so that drawing is in it, as it is in the plain suite's.  One like the
    shorter goes before both, and builds the layers that they have in common.
    """
    laws, found = laws_of_a_layer(), []
    for examples in (first, first, last):
        subject.forget()
        found.append(searched(subject, laws, Budget(examples, None, seed)))
    _, (_, before), (results, after) = found
    checks = (last - first) * len(laws)
    names = {"bncheck_ms": "wall", "host_cpu_ms": "host_cpu", "inside_ms": "inside"}
    broken = sorted(each.invariant for each in results if each.verdict not in ("pass", "inapplicable"))
    return {name: 1e3 * (after[of] - before[of]) / checks for name, of in names.items()} | {"broken": broken}


def mean(found):
    """The mean of each figure, and all the laws that were broken."""
    figures = {key: sum(each[key] for each in found) / len(found) for key in found[0] if key != "broken"}
    return {**figures, "broken": sorted({law for each in found for law in each["broken"]})}


@contextlib.contextmanager
def plain_suite(name):
    """Asks the plain suite, which runs in the cell's own interpreter: so many examples a law, with that seed."""
    python = python_of(name)
    framework = REFERENCE if name == REFERENCE else matrix.cell(name).framework
    with tempfile.TemporaryDirectory() as folder:
        if name != REFERENCE:
            install_beside(python, folder, f"hypothesis=={importlib.metadata.version('hypothesis')}")
        backend = {"KERAS_BACKEND": "tensorflow"} if framework == "keras" else {}
        process = subprocess.Popen(
            [python, str(Path(__file__).with_name("plain_suite.py")), framework],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT, **backend, "PYTHONPATH": folder},
            text=True,
        )
        with process:
            _answer(process)
            yield lambda *numbers: _ask(process, numbers)
            process.stdin.close()


def _ask(process, numbers):
    process.stdin.write(" ".join(map(str, numbers)) + "\n")
    process.stdin.flush()
    return json.loads(_answer(process))


def _answer(process):
    line = process.stdout.readline()
    if not line:
        raise UsageError(f"the plain suite ended with exit code {process.wait()}")
    return line


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        note = f"; {text(cell['plain_drawing_ms'])} of them draw the arrays"
        yield "plain suite, ms a check", name, text(cell["plain_ms"]) + note, ""
        parts = f"; host CPU {text(cell['host_cpu_ms'])}, in the worker {text(cell['inside_ms'])}"
        yield "bncheck, ms a check", name, text(cell["bncheck_ms"]) + parts, ""
        yield "bncheck is cheaper by", name, f"{text(cell['times'])} times", f"{GOAL:.0f}"
