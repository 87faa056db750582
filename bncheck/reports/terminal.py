"""A record as a terminal shows it: the table, the conventions, the findings, and a last line."""

from math import ceil

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.reports import finding, scenario, summary
from bncheck.reports.facts import marked, telling
from bncheck.reports.words import MARKS, MEANINGS, STYLES, clean, convention

GAP = 2


def report(record, laws, *, width, replays=None, seconds=None):
    """Everything that is shown of a run: renderables, one after the other.

    ``laws`` are the laws by name; ``replays`` are commands by cell and law; ``seconds`` is how long the run took.
    """
    cells = [cell for cell in record["cells"] if not cell.get("names")]
    pairs = [cell for cell in record["cells"] if cell.get("names")]
    yield from tables(cells, width)
    if any(pair["results"] for pair in pairs):
        yield pair_table(pairs)
    if record["cells"]:
        yield legend(record)
    yield from filter(None, (subjects(cells, width), conventions(cells), troubles(record)))
    yield from finding.findings(record, laws, replays or {})
    for each in record.get("scenarios", ()):
        yield from scenario.report(each)
    yield last_line(record, seconds)


def tables(cells, width):
    """Laws by cells; columns that do not fit get numbers instead of names, and then further tables."""
    rows = _rows(cells)
    if not rows:
        return
    if not numbered(cells, width):
        yield _table(rows, cells, [clean(cell["cell"], 40) for cell in cells])
        return
    heads = [str(i) for i in range(1, len(cells) + 1)]
    fitting = max(1, (width - max(map(len, rows)) - GAP) // (len(heads[-1]) + 1))
    size = ceil(len(cells) / ceil(len(cells) / fitting))
    for start in range(0, len(cells), size):
        yield _table(rows, cells[start : start + size], heads[start : start + size], gap=1)


def _rows(cells):
    return sorted({clean(result["invariant"], 80) for cell in cells for result in cell["results"]})


def numbered(cells, width):
    """Whether the cells' names are too many or too long for a row."""
    names = sum(len(clean(cell["cell"], 40)) + GAP for cell in cells)
    return max(map(len, _rows(cells)), default=0) + GAP + names > width


def _table(rows, cells, heads, gap=GAP):
    table = _plain_table(gap)
    table.add_column("law", overflow="fold")
    for head in heads:
        table.add_column(Text(head), justify="center", no_wrap=True)
    for law in rows:
        table.add_row(Text(law), *(_verdict_mark(cell, law) for cell in cells))
    return Padding(table, (0, 0, 1, 0))


def pair_table(pairs):
    """Pairs by the laws between subjects: there are more pairs than a row has room for."""
    laws = _rows(pairs)
    table = _plain_table()
    table.add_column("between", overflow="fold", vertical="bottom")
    for law in laws:
        table.add_column(Text(_in_two(law)), justify="center")
    for pair in pairs:
        table.add_row(Text(clean(pair["cell"], 80)), *(_verdict_mark(pair, law) for law in laws))
    return Padding(table, (0, 0, 1, 0))


def _plain_table(gap=GAP):
    return Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")


def _in_two(name):
    """A long name on two lines, broken at the underscore nearest to its middle."""
    places = [i for i, letter in enumerate(name) if letter == "_" and i]
    if not places:
        return name
    middle = min(places, key=lambda i: abs(i - len(name) / 2))
    return f"{name[:middle]}\n{name[middle:]}"


def _verdict_mark(cell, law):
    if cell.get("error"):
        return _mark("error")
    return _mark(next((each["verdict"] for each in cell["results"] if clean(each["invariant"], 80) == law), None))


def _mark(verdict):
    return Text(MARKS.get(verdict, ""), STYLES.get(verdict, ""))


def legend(record):
    """What the marks mean that the tables have."""
    seen = {result["verdict"] for cell in record["cells"] for result in cell["results"]}
    seen |= {"error"} if any(cell.get("error") for cell in record["cells"]) else set()
    parts = [Text.assemble(_mark(verdict), f" {MEANINGS[verdict]}") for verdict in MARKS if verdict in seen]
    return Padding(Text("   ").join(parts), (0, 0, 1, 0))


def subjects(cells, width):
    """What each cell is, with its number where the table's columns have numbers."""
    if not cells:
        return None
    table, with_numbers = _grid(), numbered(cells, width)
    for i, cell in enumerate(cells, 1):
        python = f", Python {cell['python']}" if cell["python"] else ""
        layer = f", with {cell['layer']}" if cell.get("layer") else ""
        about = clean(f"{cell['subject']}{python}{layer}") if cell["python"] else "not started"
        number = [str(i)] if with_numbers else []
        table.add_row(*number, Text(clean(cell["cell"], 40)), Text(about))
    return _titled("subjects", table)


def conventions(cells, title="conventions"):
    """Measured traits: a trait, a value, which is marked where it is a defect, and the cells that have it."""
    found = {}
    for cell in cells:
        for trait, value in telling(cell["traits"]).items():
            found.setdefault((trait, convention(marked(trait, value))), []).append(cell["cell"])
    if not found:
        return None
    table = _grid()
    for (trait, value), names in sorted(found.items()):
        table.add_row(Text(clean(trait)), Text(clean(value)), Text(clean(", ".join(names))))
    return _titled(title, table)


def troubles(record):
    """Why cells and laws have neither pass nor fail, and the run's notes."""
    table = _grid()
    for verdict, line in summary.troubles(record):
        table.add_row(_mark(verdict), Text(clean(line)))
    return _titled("notes", table) if table.row_count else None


def last_line(record, seconds=None):
    """How many verdicts of each kind, and what they took."""
    return Text(summary.line(record, seconds), "bold red" if summary.is_bad(record) else "bold")


def _grid():
    return Table.grid(padding=(0, 2, 0, 0))


def _titled(title, body):
    return Group(Text(title, "bold"), Padding(body, (0, 0, 1, 2)))
