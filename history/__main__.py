"""`python -m history [CELL…] [--json FILE] [--markdown FILE]`: the laws' examples on the versions that origins name."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bncheck import invariants
from bncheck.commands.run import names
from bncheck.engine import campaign
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.reports import progress
from bncheck.subjects import resolve
from history.judge import by_example, disagreements, incomplete, subjects
from history.pages import LEGEND, rewritten, table

WIDTH = 120
EXAMPLES_ALONE = Budget(max_examples=0, shrink=False)


def main(arguments=None, opened=None):
    """Judge every example, show a table, and return 1 where an origin says otherwise, 2 where something went wrong."""
    chosen = parser().parse_args(arguments)
    try:
        laws = [law for law in invariants.select(names(chosen.select or ())) if not law.differential]
        found = seen(laws, chosen.cells or subjects(laws), opened)
        if chosen.json:
            found = gathered(found, chosen.json)
        if chosen.markdown:
            page = chosen.markdown.read_text(encoding="utf-8") if chosen.markdown.exists() else ""
            record.write_text(rewritten(page, laws, found["cells"]), chosen.markdown)
    except UsageError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return report(laws, found["cells"], Console(width=WIDTH, highlight=False))


def parser():
    """What the command line takes."""
    found = argparse.ArgumentParser(prog="python -m history", description=__doc__)
    found.add_argument("cells", nargs="*", metavar="CELL", help="a subject as `bncheck run` takes it; all by default")
    found.add_argument("--select", metavar="LAWS", action="append", help="only these laws: names and globs")
    found.add_argument("--json", type=Path, metavar="FILE", help="a record to add the cells to; all it has is shown")
    found.add_argument("--markdown", type=Path, metavar="FILE", help="a page; what is generated in it is written anew")
    return found


def seen(laws, cells, opened=None):
    """The record of holding each cell to each example of the laws."""
    specs, each = resolve.resolve(cells), by_example(laws)
    with progress.shown() as shown:
        return campaign.run(specs, each, EXAMPLES_ALONE, progress=shown, opened=opened, chosen=lambda laws, name: laws)


def gathered(found, path):
    """The record with the other cells of a file's, which is written."""
    before = record.read(path)["cells"] if path.exists() else []
    new = {cell["cell"] for cell in found["cells"]}
    found = found | {"cells": [*(cell for cell in before if cell["cell"] not in new), *found["cells"]]}
    record.write(found, path)
    return found


def report(laws, cells, console):
    """Print what was seen, and each disagreement in one line."""
    console.print(table(laws, cells))
    console.print(LEGEND)
    lines = list(disagreements(laws, cells))
    for line in lines:
        console.print(f"! {line}", markup=False, soft_wrap=True)
    examples = sum(len(law.examples) for law in laws)
    console.print(f"{examples} examples of {len(laws)} laws on {len(cells)} cells: {len(lines)} disagreements")
    return 2 if incomplete(cells) else int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
