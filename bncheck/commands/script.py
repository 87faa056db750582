"""`bncheck script` prints a finding as a program for its framework and NumPy alone."""

import click

from bncheck import invariants
from bncheck.records import chosen
from bncheck.records import record as records
from bncheck.reports import script as scripts


@click.command()
@click.argument("record", metavar="RECORD")
@click.argument("finding", metavar="FINDING")
def script(record, finding):
    """Print a FINDING of RECORD as a program that needs its framework and NumPy, and nothing of bncheck.

    A FINDING is a law, LAW@CELL where several cells break it, or LAW@CELL#2 for a further one.  The program prints
    observed, expected and allowed, and exits 1 where the defect is there, 0 where it is not.

    \b
    Exit code: 0 printed, 2 there is no such finding, or no program says it.
    """
    found = records.read(record)
    click.echo(scripts.script(found, *chosen.chosen(found, finding), invariants.load_all()), nl=False)
