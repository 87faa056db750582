"""`bncheck report` shows a record, or writes reports of it."""

import shlex

import click

from bncheck import invariants
from bncheck.commands.run import REPORT, output, show
from bncheck.errors import UsageError
from bncheck.records import record as records
from bncheck.reports import again, files, terminal


@click.command()
@click.argument("record", metavar="RECORD")
@REPORT
def report(record, reports):
    """Write reports of RECORD, the file that `bncheck run --record` leaves; without --report, show it."""
    wanted = files.wanted(reports)
    found, laws = records.read(record), invariants.load_all()
    if wanted:
        files.write(wanted, found, laws)
        return
    try:
        show(list(terminal.report(found, laws, width=output().width, replays=commands(found, record))))
    except RecursionError:
        raise UsageError(f"{record} is nested too deeply to be shown") from None


def commands(found, path):
    """The command that shows each finding again from the record's file."""
    return {
        (cell["cell"], result["invariant"], place): again.command(found, cell, result["invariant"], shlex.quote(path))
        for cell in found["cells"]
        for result in cell["results"]
        for place, _ in enumerate(records.findings(result))
    }
