"""`bncheck run` holds subjects to the laws and shows what it finds."""

import json
import os
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from bncheck import invariants
from bncheck.cases.case import Case
from bncheck.engine import campaign, executors, remote, replay
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.records import ledger, record
from bncheck.reports import again, files, formats, progress, script, terminal
from bncheck.subjects import provision, resolve

HOLDS, BROKEN, INCOMPLETE, NOTHING_RAN, INTERRUPTED = 0, 1, 2, 5, 130
WIDTH = 100
REPORT = click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Write a report ({', '.join(formats.names())}); may be given several times.",
)

SELECT = click.option(
    "--select", multiple=True, metavar="LAWS", help="Only these laws: names and globs, comma-separated."
)
IGNORE = click.option(
    "--ignore", multiple=True, metavar="LAWS", help="Not these laws: names and globs, comma-separated."
)
MAX_EXAMPLES = click.option(
    "--max-examples", type=click.IntRange(1), default=100, show_default=True, help="Cases that a law is given."
)
SEED = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What the cases are drawn with."
)
WORKERS = click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Cells at a time.")
PYTHON = click.option("--python", metavar="PATH", help="The interpreter of frameworks named without a version.")
LEDGER = click.option("--ledger/--no-ledger", "known", default=True, help="Accept findings that are known and open.")
LAYER = click.option("--layer", metavar="FILE.py:NAME", help="Your own class for the framework's; also module:NAME.")


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@SELECT
@IGNORE
@MAX_EXAMPLES
@click.option("--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Time for each cell.")
@SEED
@WORKERS
@click.option("--executor", metavar="dask=ADDRESS", help="Examine the cells on a Dask cluster.")
@click.option("--record", "record_file", metavar="FILE", help="Write the record of the run, as JSON.")
@REPORT
@PYTHON
@LAYER
@LEDGER
@click.option("--case", metavar="FILE", help="Judge only this case, or those of the findings of a record.")
def run(
    subjects, select, ignore, max_examples, max_time, seed, record_file, reports, python, layer, known, case, **where
):
    """Hold each SUBJECT to the laws, and every two of them to the laws between subjects.

    A SUBJECT is a cell (tf1.14; see `bncheck matrix`), a requirement (torch==2.13.0, keras==3.15.1:jax), a framework
    (keras, tensorflow, torch) as the active environment or --python has it, or `reference`, bncheck's own layer.
    Without any, the frameworks of the active environment are run, or else the newest Keras and PyTorch.

    \b
    Exit code: 0 all laws hold, 1 findings, 2 wrong usage or could not complete,
    5 nothing ran, 130 interrupted.
    """
    start = time.monotonic()
    laws = invariants.select(names(select), names(ignore))
    if record_file:
        files.check_writable(record_file, "--record")
    wanted = files.wanted(reports, record_file)
    budget = Budget(max_examples, max_time, seed)
    given = replay.read(case, laws) if case else None
    if given:
        budget = replace(budget, max_examples=1, shrink=False)
    specs = resolve.resolve(subjects, python, layer)
    entries = ledger.load(invariants.load_all(), Path.cwd()) if known else []
    with progress.shown() as shown:
        chosen = given.laws if given else None
        found = _examined(specs, laws, budget, **where, progress=shown, chosen=chosen, ledger=entries)
    found = ledger.accepted(found, entries)
    script.add(found, invariants.load_all())
    if record_file:
        record.write(found, record_file)
    files.write(wanted, found, invariants.load_all())
    if any(cell["results"] or "error" not in cell for cell in found["cells"]) or not found["cells"]:
        seconds, replays = time.monotonic() - start, commands(found)
        show(terminal.report(found, invariants.load_all(), width=output().width, replays=replays, seconds=seconds))
    sys.exit(exit_code(found))


def names(options):
    """The names of options that take several each, with commas between them."""
    return [name.strip() for option in options for name in option.split(",") if name.strip()]


def _examined(*asked, workers, executor, **how):
    """The record of a run, on this machine or elsewhere."""
    if not executor:
        return campaign.run(*asked, workers=workers, **how)
    if workers > 1:
        raise UsageError("--workers says how many cells this machine examines at a time: leave it out with --executor")
    with executors.opened(executor) as place:
        return remote.run(*asked, place, **how)


def exit_code(found):
    """What a run's record means to a caller."""
    results = [result for cell in found["cells"] for result in cell["results"]]
    verdicts = {result["verdict"] for result in results}
    if found.get("interrupted"):
        return INTERRUPTED
    if "error" in verdicts or any("error" in cell for cell in found["cells"]):
        return INCOMPLETE
    if any(result["verdict"] == "fail" and not record.is_accepted(result) for result in results):
        return BROKEN
    if any(cell.get("mended") for cell in found["cells"]):
        return BROKEN
    # A law that the time was over for before its first case is not known to hold.
    if any(result["verdict"] == "inconclusive" and not result["cases"] for result in results):
        return INCOMPLETE
    return HOLDS if verdicts - {"inapplicable"} else NOTHING_RAN


def show(parts):
    """Print renderables, without colours and without spaces at the ends of lines where nobody sees them."""
    console = output()
    if console.is_terminal:
        for part in parts:
            console.print(part, crop=False)
        return
    with console.capture() as captured:
        for part in parts:
            console.print(part, crop=False)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def output():
    """A console on the standard output; where no terminal says how wide it is, neither 80 columns nor endless ones."""
    wide = any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return Console(width=None if wide or os.environ.get("COLUMNS") else WIDTH, highlight=False)


def commands(found):
    """The command that shows each finding again, by cell, law and its place among the law's findings."""
    return {
        (cell["cell"], result["invariant"], place): command(found, cell, result["invariant"], finding["case"])
        for cell in found["cells"]
        for result in cell["results"]
        for place, finding in enumerate(record.findings(result))
    }


def command(found, cell, law, case):
    """The command that judges the finding's law on its case; without a folder for cases, on what was drawn."""
    path = write_case(law, case)
    return again.command(found, cell, law, path and _short(path))


def write_case(law, case):
    """The file of a finding's case in bncheck's cache; None where it cannot be written."""
    folder = provision.cache().parent / "cases"
    path = folder / f"{law}-{Case.from_json(case).digest[:12]}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(case) + "\n", encoding="utf-8")
    except OSError:
        return None
    return path


def _short(path):
    """A path for a shell, with ~ for the user's home."""
    if path.is_relative_to(Path.home()):
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))
