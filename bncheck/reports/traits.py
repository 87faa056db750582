"""The traits of subjects side by side: an axis a row, a subject a column, defects marked."""

from collections import Counter

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.reports import terminal
from bncheck.reports.words import clean
from bncheck.truth.traits import LEGAL

UNEXPLAINED, NOT_OFFERED = "unexplained", "not offered"
MARKS = {"✗": "a defect", "?": "no known value explains it", "–": "not offered"}
STYLES = {"✗": "bold red", "?": "yellow", "–": "dim"}
GAP = 2


def report(record, *, width):
    """Everything that is shown of measured traits: renderables, one after the other."""
    cells = [cell for cell in record["cells"] if cell["traits"]]
    axes = _axes(cells)
    for columns in _fitting(cells, axes, width):
        yield _table(columns, axes)
    yield from filter(None, (_legend(cells), _subjects(cells), _settings(cells), terminal.troubles(record)))


def _axes(cells):
    """The axes that were measured, in their own order; what this bncheck does not know stands behind."""
    found = dict.fromkeys(axis for cell in cells for axis in cell["traits"])
    return [*(axis for axis in LEGAL if axis in found), *(axis for axis in found if axis not in LEGAL)]


def _fitting(cells, axes, width):
    """The cells in as many groups as the width asks for."""
    groups, left = [], 0
    for cell in cells:
        size = GAP + max(len(_head(cell)), *(len(line) for axis in axes for line in _values(cell, axis)))
        if size > left:
            left = width - max(map(len, axes))
            groups.append([])
        left -= size
        groups[-1].append(cell)
    return groups


def _table(cells, axes):
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("axis", no_wrap=True)
    for cell in cells:
        table.add_column(Text(_head(cell)), no_wrap=True)
    for axis in axes:
        table.add_row(Text(clean(axis, 40)), *(_shown(axis, _values(cell, axis)) for cell in cells))
    return Padding(table, (0, 0, 1, 0))


def _head(cell):
    return clean(cell["cell"], 40)


def _values(cell, axis):
    """The lines of a table's field: each value with its mark, the most frequent one first."""
    value = cell["traits"].get(axis)
    if value is None:
        return [""]
    every = Counter(map(str, value.values())) if isinstance(value, dict) else [str(value)]
    ordered = sorted(every, key=lambda each: (-every[each], each)) if isinstance(value, dict) else every
    return [f"{_mark(axis, each)} {clean(each, 40)}".strip() if each != NOT_OFFERED else "–" for each in ordered]


def _mark(axis, value):
    if value == UNEXPLAINED:
        return "?"
    return "✗" if axis in LEGAL and value not in LEGAL[axis] else ""


def _shown(axis, lines):
    return Text("\n").join(Text(line, STYLES.get(line[:1], "")) for line in lines)


def _legend(cells):
    seen = {line[:1] for cell in cells for axis in cell["traits"] for line in _values(cell, axis)}
    parts = [Text.assemble((mark, STYLES[mark]), f" {meaning}") for mark, meaning in MARKS.items() if mark in seen]
    return Padding(Text("   ").join(parts), (0, 0, 1, 0)) if parts else None


def _subjects(cells):
    return terminal.subjects(cells, width=10**6)


def _settings(cells):
    """Where a trait has other values at other settings."""
    return terminal.conventions([{**cell, "traits": _mixed(cell["traits"])} for cell in cells], "where values differ")


def _mixed(traits):
    return {axis: value for axis, value in traits.items() if isinstance(value, dict)}
