"""A finding as a terminal shows it: the law, what differed, the smallest case, why, and how to see it again."""

from dataclasses import MISSING, fields

import numpy as np
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.cases.arrays import text
from bncheck.cases.case import Case
from bncheck.errors import UsageError
from bncheck.records.record import findings as record_findings
from bncheck.reports.words import MARKS, STYLES, clean
from bncheck.truth.traits import ILLEGAL

SHOWN_WHOLE = 64
UNSHOWN = (AttributeError, IndexError, KeyError, OverflowError, StopIteration, TypeError, UsageError, ValueError)


def findings(record, laws, replays):
    """Each finding of a record, in the order of the laws; cells with the same finding share it."""
    groups = {}
    for cell in record["cells"]:
        for result in cell["results"]:
            for place, found in enumerate(record_findings(result)):
                key = (result["invariant"], result["verdict"], repr(found))
                groups.setdefault(key, []).append((cell["cell"], result, place))
    for (name, *_), members in sorted(groups.items(), key=lambda group: group[0][0]):
        first, result, place = members[0]
        replay = replays.get((first, name, place))
        yield finding(result, [cell for cell, *_ in members], laws.get(name), replay, place)


def finding(result, cells, law=None, replay=None, place=0):
    """One of a result's findings; ``law`` is None where this bncheck has no such law, ``replay`` a command or None."""
    found, name, verdict = record_findings(result)[place], result["invariant"], result["verdict"]
    case, dtype = _case(found["case"])
    head = Text.assemble((MARKS.get(verdict, "?") + " ", STYLES.get(verdict, "")), (clean(name), "bold"))
    head.append(clean(" on " + ", ".join(cells)))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, value in [*_what(found, verdict, dtype), *case, *_law(law)]:
        grid.add_row(label, value if isinstance(value, Table) else Text(clean(value)))
    title = [Padding(Text(clean(law.title)), (0, 0, 0, 2))] if law else []
    return Group(head, *title, Padding(grid, (0, 0, 0, 2)), *_replay(replay), Text(""))


def _what(found, verdict, dtype):
    """What differed; for a worker's death there are no numbers."""
    if verdict == "error":
        return [("error", found["what"])]
    where = f" at {found['where']}" if found["where"] else ""
    numbers = [(name, found[name]) for name in ("actual", "expected", "allowed")]
    rows = [("what", found["what"] + where)]
    rows += [(name, _number(value, dtype)) for name, value in numbers if value is not None]
    return [*rows, ("mechanism", _mechanism(found["mechanism"]))]


def _number(value, dtype):
    """A number with as many digits as tell it from its neighbours in the case's dtype."""
    if isinstance(value, float) and dtype == "float32":
        with np.errstate(all="ignore"):
            short = np.float32(value)
        return str(float(str(short))) if float(short) == value else repr(value)
    return str(value)


def _mechanism(name):
    axis, _, value = str(name).partition(": ")
    meaning = ILLEGAL.get(axis, {}).get(value)
    return f"{name} ({meaning})" if meaning else name


def _case(plain):
    """The rows of a case and its dtype; a record may hold anything under the name of a case."""
    try:
        case = Case.from_json(plain)
        given = f"{case.dtype} of shape {tuple(case.shape)}"
        rows = [("network", network(case.network)), ("input", given), ("seed", case.seed), ("steps", _steps(case))]
        return rows, case.dtype
    except UNSHOWN as error:
        return [("case", f"cannot be shown: {error}")], None


def network(layers):
    """A network in one line: ``Dense(1) → Linear() → Dense(1)``."""
    return " → ".join(map(_layer, layers))


def _layer(layer):
    parts = []
    for field in fields(layer):
        value = getattr(layer, field.name)
        if field.default is MISSING:
            parts.append(_layer(value) if field.name == "of" else repr(value))
        elif value != field.default:
            parts.append(f"{field.name}={value!r}")
    return f"{type(layer).__name__}({', '.join(parts)})"


def _steps(case):
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for i, step in enumerate(case.steps):
        arguments = [f"{field.name}={_argument(getattr(step, field.name))}" for field in fields(step)]
        table.add_row(str(i), type(step).__name__, Text(clean(", ".join(arguments))))
    return table


def _argument(value):
    if isinstance(value, np.ndarray):
        return text(_shortest(value), SHOWN_WHOLE)
    if isinstance(value, list):
        return f"[{', '.join(map(_argument, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_argument(item)}' for name, item in value.items())}}}"
    return repr(value)


def _shortest(array):
    """The array with each number in the shortest form that its dtype reads back to the bit, where it is shown whole."""
    if array.dtype != np.float32 or array.size > SHOWN_WHOLE:
        return array
    return np.array([float(str(item)) for item in array.ravel()], object).reshape(array.shape)


def _law(law):
    if law is None:
        return []
    note = f" ({law.origin.note})" if law.origin.note else ""
    return [("why", law.why), ("origin", law.origin.link + note)]


def _replay(command):
    """The command on a line of its own that is never wrapped, so that it can be copied."""
    if not command:
        return []
    return [Text("  see it again", "dim"), Text(f"  {clean(command)}", "cyan", no_wrap=True, overflow="ignore")]
