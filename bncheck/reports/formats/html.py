"""One HTML file that works offline: laws by cells, conventions side by side, and every finding with its numbers.

All that comes from a record is escaped; the page's policy allows its own script and style, and nothing else.
"""

import base64
import hashlib
import json
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bncheck.records.record import findings
from bncheck.reports import again, curve_panels, plot, scenario, summary
from bncheck.reports.facts import UNSHOWN, facts, mechanism_meaning, telling
from bncheck.reports.groups import groups
from bncheck.reports.words import MARKS, MEANINGS, clean, convention, count

TEMPLATES = Path(__file__).parents[1] / "templates"
MEANING = {verdict: (MARKS[verdict], MEANINGS[verdict]) for verdict in MARKS}
MEANING["accepted"] = ("(✗)", "is broken, which is known and accepted")
KINDS = {
    "holds": ("pass", "✓"),
    "does not hold": ("fail", "✗"),
    "depends": ("inconclusive", "~"),
    "not judged": ("inapplicable", "–"),
}
LONGEST_CASE = 20_000
MANY_CELLS = 6


def render(record, laws):
    """The record as an HTML page."""
    found = groups(record)
    anchors, places = _anchors(found), _places(record["cells"])
    alone = [cell for cell in record["cells"] if not cell.get("names")]
    pairs = [cell for cell in record["cells"] if cell.get("names")]
    tables = [_by_cells(alone, laws, anchors, places), _by_pairs(pairs, anchors, places)]
    style, script = (_own(name) for name in ("report.css", "report.js"))
    page = _environment().get_template("report.html")
    return page.render(
        record=record,
        style=style,
        script=script,
        policy=f"style-src '{_digest(style)}'; script-src '{_digest(script)}'",
        line=summary.line(record),
        bad=summary.is_bad(record),
        tables=[table for table in tables if table["rows"]],
        alone=[(places[id(cell)], cell) for cell in alone],
        traits=sorted({trait for cell in alone for trait in telling(cell["traits"])}),
        troubles=list(summary.troubles(record)),
        scenarios=[_scenario(each) for each in record.get("scenarios", ())],
        findings=[_finding(record, group, laws.get(group.law), anchors[id(group)], places) for group in found],
    )


@cache
def _environment():
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {"clean": clean, "convention": convention, "lines": _lines, "breakable": _breakable}
    found.globals |= {"MEANING": MEANING, "KINDS": KINDS, "size": plot, "panels": curve_panels, "count": count}
    return found


def _own(name):
    """A file of ours that stands in the page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _digest(text):
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _lines(text):
    """Printable text of several lines."""
    return "\n".join(clean(line, 4 * LONGEST_CASE) for line in str(text).split("\n"))


def _breakable(name):
    """A name that may be broken behind its underscores."""
    return Markup("_<wbr>").join(clean(name).split("_"))


def _anchors(found):
    """A name for each group; a law's further finding of the same mechanism gets a number."""
    anchors, seen = {}, {}
    for group in found:
        seen[group.fingerprint] = number = seen.get(group.fingerprint, 0) + 1
        anchors[id(group)] = f"finding-{group.fingerprint}" + (f"-{number}" if number > 1 else "")
        for cell, result, _ in group.members:
            anchors.setdefault((id(cell), result["invariant"]), anchors[id(group)])
    return anchors


def _places(cells):
    """For each cell its number; for a pair those of its two cells."""
    numbers = {cell["cell"]: i for i, cell in enumerate(cells) if not cell.get("names")}
    found = {}
    for i, cell in enumerate(cells):
        own = [numbers[name] for name in cell.get("names", ()) if name in numbers]
        found[id(cell)] = " ".join(map(str, own or [i]))
    return found


def _by_cells(cells, laws, anchors, places):
    """The table with a row a law."""
    heads = [{"text": cell["cell"], "cells": places[id(cell)]} for cell in cells]
    rows = [
        {
            "text": name,
            "title": laws[name].title if name in laws else "",
            "marks": [_mark(cell, name, anchors, places) for cell in cells],
        }
        for name in _names(cells)
    ]
    return _table("Laws by cells", "law", heads, rows)


def _by_pairs(pairs, anchors, places):
    """The table with a row a pair, of which there are more than columns have room for."""
    names = _names(pairs)
    rows = [
        {"text": pair["cell"], "title": "", "marks": [_mark(pair, name, anchors, places) for name in names]}
        for pair in pairs
    ]
    heads = [{"text": name, "cells": ""} for name in names]
    return _table("Laws between cells", "between", heads, rows if names else [])


def _names(cells):
    return sorted({result["invariant"] for cell in cells for result in cell["results"]})


def _table(title, corner, heads, rows):
    kinds = {mark["kind"] for row in rows for mark in row["marks"]}
    legend = [(kind, *MEANING[kind]) for kind in MEANING if kind in kinds]
    many = len(heads) > MANY_CELLS
    return {"title": title, "corner": corner, "heads": heads, "rows": rows, "legend": legend, "many": many}


def _mark(cell, law, anchors, places):
    """What a table shows of a law on a cell."""
    result = next((each for each in cell["results"] if each["invariant"] == law), None)
    kind = _kind(result) if result else "error" if cell.get("error") else "none"
    mark, meaning = MEANING.get(kind, ("", "was not judged"))
    tip = f"{law} {meaning} on {cell['cell']}" + (f": {count(result['cases'], 'case')}" if result else "")
    if result and result["reason"]:
        tip += f", {result['reason']}"
    anchor = anchors.get((id(cell), law))
    return {"cells": places[id(cell)], "kind": kind, "mark": mark, "tip": tip, "anchor": anchor}


def _kind(result):
    """The verdict, or that all findings are accepted."""
    found = findings(result)
    return "accepted" if found and all("accepted" in finding for finding in found) else result["verdict"]


def _finding(record, group, law, anchor, places):
    """What the page shows of a finding."""
    cell, *_ = group.members[0]
    case = json.dumps(group.found["case"], ensure_ascii=False)
    short = case if len(case) <= LONGEST_CASE else None
    return {
        "anchor": anchor,
        "kind": "accepted" if group.accepted else group.verdict,
        "group": group,
        "cells": " ".join(places[id(cell)] for cell, *_ in group.members),
        "law": law,
        "meaning": mechanism_meaning(group.found["mechanism"]),
        "facts": facts(group.found, group.verdict),
        "plot": plot.plot(group.found.get("arrays")),
        "case": short,
        "command": again.command(record, cell, group.law, "case.json" if short else None),
    }


def _scenario(found):
    """What the page shows of a scenario; a record may hold numbers that do not fit one another."""
    try:
        return {
            "found": found,
            "fault": "",
            "variants": [(name, list(rows)) for name, rows in groupby(scenario.rows(found), key=lambda row: row[0])],
            "claims": list(scenario.claims(found)),
            "panels": curve_panels.panels(found),
            "trajectories": [_trajectory(each) for each in found.get("trajectories", ())],
        }
    except UNSHOWN as error:
        return {"found": found, "fault": str(error)}


def _trajectory(found):
    rows = [] if "error" in found else list(scenario.trajectory_rows(found))
    return {"subjects": found["subjects"], "error": found.get("error"), "heads": scenario.TRAJECTORY, "rows": rows}
