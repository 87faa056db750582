"""A finding as a terminal shows it: the law, what differed, the smallest case, why, and how to see it again."""

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.records.record import findings as record_findings
from bncheck.reports.facts import facts
from bncheck.reports.groups import groups
from bncheck.reports.words import MARKS, STYLES, clean


def findings(record, laws, replays):
    """Each finding of a record, in the order of the laws; cells with the same finding share it."""
    for group in groups(record):
        _, result, place = group.members[0]
        replay = replays.get((group.cells[0], group.law, place))
        yield finding(result, group.cells, laws.get(group.law), replay, place)


def finding(result, cells, law=None, replay=None, place=0):
    """One of a result's findings; ``law`` is None where this bncheck has no such law, ``replay`` a command or None."""
    found, name, verdict = record_findings(result)[place], result["invariant"], result["verdict"]
    head = Text.assemble((MARKS.get(verdict, "?") + " ", STYLES.get(verdict, "")), (clean(name), "bold"))
    head.append(clean(" on " + ", ".join(cells)))
    grid = labelled([*facts(found, verdict), *_law(law)])
    title = [Padding(Text(clean(law.title)), (0, 0, 0, 2))] if law else []
    return Group(head, *title, Padding(grid, (0, 0, 0, 2)), *_replay(replay), Text(""))


def labelled(rows):
    """Labels and values under one another: texts, and lists of steps."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(label, _steps(value) if isinstance(value, list) else Text(clean(value)))
    return grid


def _steps(steps):
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for number, kind, arguments in steps:
        table.add_row(number, kind, Text(clean(arguments)))
    return table


def _law(law):
    if law is None:
        return []
    notes = [(origin.link, f" ({origin.note})" if origin.note else "") for origin in law.origin.each]
    return [("why", law.why), *(("origin", link + note) for link, note in notes)]


def _replay(command):
    """The command on a line of its own that is never wrapped, so that it can be copied."""
    if not command:
        return []
    return [Text("  see it again", "dim"), Text(f"  {clean(command)}", "cyan", no_wrap=True, overflow="ignore")]
