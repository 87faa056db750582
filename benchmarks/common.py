"""What every benchmark needs: a started subject, the laws of one layer, and words for numbers."""

import contextlib
import statistics
import sys
import time
from pathlib import Path

from bncheck import invariants
from bncheck.cases.strategies import layer_cases
from bncheck.engine.examine import examine
from bncheck.errors import UsageError
from bncheck.subjects import installer, matrix, pip_config, provision
from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import Worker
from bncheck.truth.reference_subject import reference_subject

REFERENCE = "reference"
NOT_EVERYWHERE = {"tracking"}


def python_of(name):
    """The interpreter of a cell, built where it is not there; our own for the reference."""
    return sys.executable if name == REFERENCE else str(provision.environment(matrix.cell(name)))


@contextlib.contextmanager
def started(name):
    """The subject of a cell, its worker started; afterwards the worker is ended."""
    if name == REFERENCE:
        yield reference_subject()
        return
    cell = matrix.cell(name)
    subject = Subject(name, Worker(python_of(name), cell.framework, mode=cell.mode))
    try:
        subject.description  # noqa: B018 (the worker starts here)
        yield subject
    finally:
        subject.close()


def searched(subject, laws, budget):
    """The results of a search, and its seconds: on the clock, on the host's processor, and in the framework."""
    start, worked, inside = time.perf_counter(), time.process_time(), subject.inside
    results = examine(subject, laws, budget)
    wall, host_cpu = time.perf_counter() - start, time.process_time() - worked
    return results, {"wall": wall, "host_cpu": host_cpu, "inside": subject.inside - inside}


def install_beside(python, folder, *wanted):
    """Put requirements for an interpreter into a folder, so that its environment stays as it is."""
    pip = pip_config.read()
    arguments = ["pip", "install", "--python", python, "--target", str(folder), *pip.uv_arguments(), *wanted]
    answer = installer.run(arguments, cwd=Path(folder), environment=pip.uv_environment())
    if answer.returncode:
        said = answer.stdout.strip().splitlines()[-1]
        raise UsageError(f"{', '.join(wanted)} could not be installed for {python}: {said}")


def laws_alone():
    """The laws that judge one subject."""
    return [law for law in invariants.load_all().values() if not law.differential]


def laws_of_a_layer():
    """Those that judge one batch norm of every framework, each of which the plain suite has, too."""
    return [law for law in laws_alone() if law.cases is layer_cases and not law.needs & NOT_EVERYWHERE]


def median(values):
    """The middle value; none of nothing."""
    return statistics.median(values) if values else None


def text(value):
    """A number with three digits; a dash for none."""
    return "–" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
