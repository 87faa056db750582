"""`bncheck gate` compares two versions, or one with a record: laws, conventions, numbers, coverage."""

import sys
from pathlib import Path

import click

from bncheck import invariants
from bncheck.commands.run import (
    BROKEN,
    HOLDS,
    IGNORE,
    INCOMPLETE,
    INTERRUPTED,
    LAYER,
    LEDGER,
    MAX_EXAMPLES,
    PYTHON,
    REPORT,
    SEED,
    SELECT,
    WORKERS,
    names,
    show,
)
from bncheck.engine import gate as engine
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.records import gate as comparison
from bncheck.records import ledger, record
from bncheck.reports import files, progress
from bncheck.reports import gate as report
from bncheck.subjects import resolve


@click.command()
@click.argument("subjects", nargs=-1, metavar="OLD NEW", required=True)
@click.option("--baseline", metavar="FILE", help="Compare with this record; every argument is then a NEW.")
@click.option("--update", is_flag=True, help="Write the baseline anew, and accept what moved.")
@SELECT
@IGNORE
@MAX_EXAMPLES
@SEED
@WORKERS
@click.option("--record", "record_file", metavar="FILE", help="Write the record of what is new, as JSON.")
@click.option("--summary", metavar="FILE", help="Write what moved as Markdown.")
@REPORT
@PYTHON
@LAYER
@LEDGER
def gate(subjects, baseline, update, record_file, summary, reports, **search):
    """Say what moves between OLD and NEW: laws, conventions, numbers, and what was judged at all.

    OLD and NEW are subjects as `bncheck run` takes them, or records; with --baseline the record stands for OLD.  Both
    are held to the same laws on the same cases.  The record of a pinned cell is kept, and not made twice.

    \b
    Exit code: 0 nothing moved beyond what is accepted, 1 something did,
    2 wrong usage or could not complete, 130 interrupted.
    """
    _refuse(subjects, baseline, update)
    for option, path in (("--record", record_file), ("--summary", summary), ("--baseline", update and baseline)):
        if path:
            files.check_writable(path, option)
    wanted = files.wanted(reports, record_file)
    # With --update a baseline that is not there yet is made.
    before = record.read(baseline) if baseline and not (update and not Path(baseline).exists()) else None
    found = _records(subjects, **search)
    new = {**found[-1], "cells": [cell for each in found for cell in each["cells"]]} if baseline else found[-1]
    if record_file:
        record.write(new, record_file)
    files.write(wanted, new, invariants.load_all())
    _exit_where_incomplete(found)
    comparisons = _compared(before if baseline else found[0], new, update)
    show(report.terminal(comparisons))
    if summary:
        record.write_text(report.markdown(comparisons), summary)
    if update:
        record.write(new, baseline)
    sys.exit(BROKEN if not update and any(each.counting for each in comparisons) else HOLDS)


def _refuse(subjects, baseline, update):
    """Raise UsageError where it is not said what is compared with what."""
    if update and not baseline:
        raise UsageError("--update writes a baseline: name it with --baseline FILE")
    if not baseline and len(subjects) != 2:
        raise UsageError(f"two are compared, OLD and NEW, or NEW with --baseline FILE: here are {len(subjects)}")


def _records(subjects, *, select, ignore, known, max_examples, seed, workers, python, layer):
    """The record of each subject, what is accepted marked: a file's, or one that is made now, all in one go."""
    laws, budget = invariants.select(names(select), names(ignore)), Budget(max_examples, seed=seed)
    entries = ledger.load(invariants.load_all(), Path.cwd()) if known else []
    specs = {name: _spec(name, subjects, python, layer) for name in subjects if not Path(name).is_file()}
    given = {name: record.read(name) for name in subjects if name not in specs}
    wanted = list(dict.fromkeys(specs.values()))
    with progress.shown() as shown:
        found = engine.run(wanted, laws, budget, workers, shown) if wanted else None
    entry = dict(zip(wanted, found["cells"] if found else (), strict=True))
    records = [given.get(name) or {**found, "cells": [entry[specs[name]]]} for name in subjects]
    return [ledger.accepted(each, entries) for each in records]


def _spec(name, subjects, python, layer):
    """The spec of one subject; --python is for the bare names among them."""
    bare = [each for each in subjects if each.partition(":")[0] in resolve.BARE]
    return resolve.resolve([name], python if name in bare or not bare else None, layer)[0]


def _exit_where_incomplete(found):
    """End where a subject could not be examined, which was told when it was tried, or where the user stopped."""
    if any(each.get("interrupted") for each in found):
        sys.exit(INTERRUPTED)
    if any("error" in cell and "cell" in cell for each in found for cell in each["cells"]):
        sys.exit(INCOMPLETE)


def _compared(old, new, update):
    """The comparisons; a baseline that cannot be compared with may be written anew all the same."""
    comparison.refuse_incomplete(new["cells"])
    if old is None:
        return []
    try:
        return comparison.compare(old, new)
    except UsageError as error:
        if not update:
            raise
        click.echo(f"not compared: {error}", err=True)
        return []
