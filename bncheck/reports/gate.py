"""What a gate says: one line a change, that could stand in the vendor's changelog; or what it would have seen."""

from rich.table import Table
from rich.text import Text

from bncheck.records.gate import BROKEN, DRIFTED, KEPT, LAYERS, MOVED, SHRANK
from bncheck.reports.facts import mechanism_meaning
from bncheck.reports.formats.markdown import code
from bncheck.reports.words import clean, count, settings_of
from bncheck.truth.traits import values_of

MARKS = {BROKEN: "✗", KEPT: "✓", MOVED: "→", DRIFTED: "≈", SHRANK: "–"}
STYLES = {BROKEN: "bold red", KEPT: "green", MOVED: "yellow", DRIFTED: "yellow", SHRANK: "bold magenta"}
SEEN = {"laws": "law", "conventions": "convention", "numbers": "number", "coverage": "capability"}
MOST_LAWS = 4


def terminal(comparisons):
    """Renderables: for each pair of cells its changes, a line each, and a last line."""
    for comparison in comparisons:
        yield Text(title(comparison), "bold")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for change in comparison.changes:
            style = "dim" if change.accepted else STYLES[change.kind]
            table.add_row(Text(MARKS[change.kind], style), Text(change.layer, "dim"), Text(line(change)))
        if comparison.changes:
            yield table
        yield Text(verdict(comparison), "bold red" if comparison.counting else "bold")


def markdown(comparisons):
    """The same as Markdown; what comes from a record stands in code."""
    parts = []
    for comparison in comparisons:
        mark = "✗" if comparison.counting else "✓"
        parts.append(f"### {mark} bncheck gate: {code(title(comparison))}\n")
        if comparison.changes:
            rows = [f"| {MARKS[c.kind]} {c.layer} | {_in_table(line(c))} |\n" for c in comparison.changes]
            parts.append("".join(["| layer | what moved |\n", "| --- | --- |\n", *rows]))
        parts.append(f"{code(verdict(comparison))}\n")
    return "\n".join(parts)


def _in_table(text):
    return code(text).replace("|", r"\|")


def title(comparison):
    """The two cells, each with what it is."""
    return f"{_named(comparison.old)} → {_named(comparison.new)}"


def _named(cell):
    about = "" if cell["subject"] == cell["cell"] else f" ({cell['subject']})"
    return clean(f"{cell['cell']}{about}", 120)


def verdict(comparison):
    """How many changes count in each layer; where none does, what would have been seen."""
    accepted = len(comparison.changes) - len(comparison.counting)
    beside = f"; accepted: {accepted}" if accepted else ""
    if not comparison.counting:
        seen = [_count(comparison.seen[layer], SEEN[layer]) for layer in LAYERS if comparison.seen.get(layer)]
        return f"nothing moved in {', '.join(seen) or 'nothing'}{beside}"
    layers = [change.layer for change in comparison.counting]
    moved = ", ".join(f"{layer} {layers.count(layer)}" for layer in LAYERS if layer in layers)
    return f"{count(len(layers), 'change')}: {moved}{beside}"


def _count(number, noun):
    return f"{number} capabilities" if noun == "capability" and number != 1 else count(number, noun)


def line(change):
    """A change in one line."""
    said = {BROKEN: _broken, KEPT: _kept, MOVED: _moved, DRIFTED: _drifted, SHRANK: _shrank}[change.kind](change)
    accepted = f" (accepted: {change.accepted['reason']})" if change.accepted else ""
    return clean(said + accepted)


def _broken(change):
    meaning = mechanism_meaning(change.name) or "what breaks it has no name"
    return f"new: {meaning} ({change.name}); breaks {_laws(change.where)}"


def _kept(change):
    meaning = mechanism_meaning(change.name) or "what broke it has no name"
    return f"gone: {meaning} ({change.name}); it broke {_laws(change.where)}"


def _laws(names):
    more = f" and {len(names) - MOST_LAWS} more" if len(names) > MOST_LAWS else ""
    return ", ".join(names[:MOST_LAWS]) + more


def _moved(change):
    meanings = [_meaning(change.name, value) for value in (change.new, change.old)]
    told = ", no longer: ".join(meanings) + " " if all(meanings) else ""
    values = f"{change.name}: {change.old} → {change.new}{_where(change)}"
    return f"{told}({values})" if told else values


def _meaning(axis, value):
    try:
        return values_of(axis).get(value)
    except KeyError:  # an axis that this bncheck does not know
        return None


def _where(change):
    return f" at {settings_of(change.where, change.among)}" if change.where else ""


def _drifted(change):
    drift = change.drift
    numbers = f"{_number(drift.old)} → {_number(drift.new)}, where {_number(drift.allowed)} is allowed"
    return f"the {change.name} drifts by up to {drift.ulps:.2g} ulps{_where(change)}: {numbers}"


def _number(value):
    return f"{value:.6g}"


def _shrank(change):
    return f"{change.name} was covered{_where(change)}, and is not: {change.new}"
