"""`bncheck explain` says what a law is, why it matters, where it comes from and what breaking it looks like."""

from dataclasses import fields

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck import invariants
from bncheck.commands.run import show
from bncheck.engine.examine import Budget, examine
from bncheck.engine.pair import Pair
from bncheck.errors import UnknownName
from bncheck.records import record
from bncheck.reports.finding import finding
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

PAPERS = Traits()
MUTANT = "the reference with this fault"
ENOUGH = Budget(max_examples=30)


@click.command()
@click.argument("law")
def explain(law):
    """Say what LAW is, why it matters and where it comes from, with a failure as an example."""
    known = invariants.load_all()
    if law not in known:
        raise UnknownName("law", law, known)
    show(explanation(known[law]))


def explanation(law):
    """A law, as renderables."""
    yield Text(law.name, "bold")
    yield Padding(Text(law.title), (0, 0, 1, 2))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    for label, value in rows(law):
        table.add_row(label, Text(value))
    yield Padding(table, (0, 0, 1, 2))
    yield Text("an example of a failure", "bold")
    yield example(law)


def rows(law):
    """What there is to say of a law."""
    yield "why", law.why
    yield "origin", law.origin.link
    if law.origin.note:
        yield "", law.origin.note
    if law.origin.affected:
        yield "affects", ", ".join(f"{name} {versions}" for name, versions in law.origin.affected.items())
    yield "kind", law.kind
    yield "needs", ", ".join(sorted(law.needs)) or "nothing"


def example(law):
    """The finding of the law on its own mutant: the reference with a fault that the law is there to see."""
    broken = reference_subject(law.mutant(), name=MUTANT)
    subject = Pair(reference_subject(), broken) if law.differential else broken
    result = record.plain_result(examine(subject, [law], ENOUGH)[0])
    if not result["finding"]:
        return Text("none was found")
    result["finding"]["mechanism"] = fault(law.mutant())
    return finding(result, [subject.name])


def fault(traits):
    """The names of the traits that are not the paper's."""
    changed = [(axis.name, getattr(traits, axis.name)) for axis in fields(traits)]
    return "; ".join(f"{name}: {value}" for name, value in changed if value != getattr(PAPERS, name))
