"""`bncheck matrix` shows the pinned subjects."""

import json
import sys

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bncheck.subjects import matrix as pinned
from bncheck.subjects import provision

# Nothing is cut off where the output goes into a file or a pipe.
WIDE = 240


@click.command()
@click.option("--github", is_flag=True, help="Print the matrix on one line, as a CI strategy.")
def matrix(github: bool) -> None:
    """Show the pinned subjects: what is installed, on which Python, as of which day."""
    if github:
        click.echo(json.dumps(pinned.github()))
        return
    console().print(_table())


def console() -> Console:
    """A console on the standard output of the moment."""
    return Console(width=None if sys.stdout.isatty() else WIDE)


def _table() -> Table:
    table = Table("cell", "framework", "mode", "python", "as of", "requires", "built")
    for cell in pinned.cells().values():
        built = "yes" if provision.is_built(cell) else ""
        row = (cell.name, cell.framework, cell.mode or "", cell.python, cell.as_of or "today", ", ".join(cell.require))
        table.add_row(*map(Text, row), built)  # a requirement is no markup: mlx[cpu]
    return table
