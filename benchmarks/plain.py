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
import time
from pathlib import Path

from benchmarks.common import REFERENCE, laws_of_a_layer, median, python_of, started, text
from bncheck.engine.examine import Budget, examine
from bncheck.errors import UsageError
from bncheck.subjects import installer, matrix, pip_config
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
    laws = laws_of_a_layer()
    _, (before, _), (after, broken) = (_searched(subject, laws, examples, seed) for examples in (first, first, last))
    checks = (last - first) * len(laws)
    return {f"{name}_ms": 1e3 * (after[name] - before[name]) / checks for name in after} | {"broken": broken}


def _searched(subject, laws, examples, seed):
    """The seconds that a search takes on the clock, on the host's processor and in the framework; and what broke."""
    subject.forget()
    start, worked, inside = time.perf_counter(), time.process_time(), subject.inside
    results = examine(subject, laws, Budget(examples, None, seed))
    seconds = {
        "bncheck": time.perf_counter() - start,
        "host_cpu": time.process_time() - worked,
        "inside": subject.inside - inside,
    }
    return seconds, sorted(each.invariant for each in results if each.verdict not in ("pass", "inapplicable"))


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
            _install_hypothesis(python, folder)
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


def _install_hypothesis(python, folder):
    """Hypothesis as the host has it goes beside the cell's environment, which stays as it is."""
    wanted = f"hypothesis=={importlib.metadata.version('hypothesis')}"
    pip = pip_config.read()
    arguments = ["pip", "install", "--python", python, "--target", folder, *pip.uv_arguments(), wanted]
    answer = installer.run(arguments, cwd=Path(folder), environment=pip.uv_environment())
    if answer.returncode:
        raise UsageError(f"{wanted} could not be installed for {python}: {answer.stdout.strip().splitlines()[-1]}")


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        note = f"; {text(cell['plain_drawing_ms'])} of them draw the arrays"
        yield "plain suite, ms a check", name, text(cell["plain_ms"]) + note, ""
        parts = f"; host CPU {text(cell['host_cpu_ms'])}, in the worker {text(cell['inside_ms'])}"
        yield "bncheck, ms a check", name, text(cell["bncheck_ms"]) + parts, ""
        yield "bncheck is cheaper by", name, f"{text(cell['times'])} times", f"{GOAL:.0f}"
