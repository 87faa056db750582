"""`bncheck list` shows the laws, or the traits."""

import json

import click
from rich.table import Table
from rich.text import Text

from bncheck import invariants
from bncheck.commands.run import show
from bncheck.truth.traits import LEGAL, values_of


@click.command("list")
@click.option("--traits", "of_traits", is_flag=True, help="Show the axes of the traits, and their values.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_(of_traits, as_json):
    """Show the laws, each in a sentence; `bncheck explain NAME` says more of one, or of a trait."""
    laws, known = invariants.load_all().values(), list(traits())
    if as_json:
        found = known if of_traits else [about(law) for law in laws]
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    elif of_traits:
        show([_table("trait", [(f"{each['axis']}: {each['value']}", each["title"]) for each in known])])
    else:
        show([_table("law", [(law.name, law.title) for law in laws])])


def _table(head, rows):
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(head, no_wrap=True)
    table.add_column("it says")
    for name, title in rows:
        table.add_row(Text(name), Text(title))
    return table


def traits():
    """The values of each axis as JSON values."""
    for axis in LEGAL:
        for value, title in values_of(axis).items():
            yield {"axis": axis, "value": value, "title": title, "legal": value in LEGAL[axis]}


def about(law):
    """A law as JSON values."""
    return {
        "name": law.name,
        "kind": law.kind,
        "title": law.title,
        "why": law.why,
        "needs": sorted(law.needs),
        "origin": _origin(law.origin) | {"further": [_origin(each) for each in law.origin.further]},
    }


def _origin(origin):
    return {"link": origin.link, "affected": origin.affected, "note": origin.note}
