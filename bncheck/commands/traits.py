"""`bncheck traits` measures how subjects differ where batch norms may, and where they may not."""

import json
import sys

import click

from bncheck.commands.run import HOLDS, INCOMPLETE, INTERRUPTED, LAYER, PYTHON, output, show
from bncheck.engine import campaign
from bncheck.reports import progress
from bncheck.reports import traits as report
from bncheck.subjects import resolve


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option("--json", "as_json", is_flag=True, help="Print a record without verdicts, as `bncheck run` writes them.")
@PYTHON
@LAYER
def traits(subjects, as_json, python, layer):
    """Measure the traits of each SUBJECT, and show them side by side.

    A SUBJECT is what `bncheck run` takes.  `bncheck explain AXIS` says what an axis and its values are.

    \b
    Exit code: 0 measured, 2 wrong usage or could not complete, 130 interrupted.
    """
    specs = resolve.resolve(subjects, python, layer)
    with progress.shown() as shown:
        found = campaign.measured(specs, progress=shown)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    elif any(cell["traits"] for cell in found["cells"]):
        show(report.report(found, width=output().width))
    failed = any("error" in cell for cell in found["cells"])
    sys.exit(INTERRUPTED if found.get("interrupted") else INCOMPLETE if failed else HOLDS)
