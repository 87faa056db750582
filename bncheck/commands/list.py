"""`bncheck list` shows the laws."""

import json

import click
from rich.table import Table
from rich.text import Text

from bncheck import invariants
from bncheck.commands.run import show


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the laws as JSON.")
def list_(as_json):
    """Show the laws, each in a sentence; `bncheck explain LAW` says more of one."""
    laws = invariants.load_all().values()
    if as_json:
        click.echo(json.dumps([about(law) for law in laws], indent=1, ensure_ascii=False))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("law", no_wrap=True)
    table.add_column("it says")
    for law in laws:
        table.add_row(Text(law.name), Text(law.title))
    show([table])


def about(law):
    """A law as JSON values."""
    return {
        "name": law.name,
        "kind": law.kind,
        "title": law.title,
        "why": law.why,
        "needs": sorted(law.needs),
        "origin": {"link": law.origin.link, "affected": law.origin.affected, "note": law.origin.note},
    }
