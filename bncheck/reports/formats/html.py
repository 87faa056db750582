"""One HTML file that works offline: laws by cells, conventions side by side, and every finding with its numbers.

All that comes from a record is escaped; the page's policy allows its own script and style, and nothing else.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bncheck.records.record import findings
from bncheck.reports import again, plot, summary
from bncheck.reports.facts import facts, mechanism_meaning
from bncheck.reports.groups import groups
from bncheck.reports.words import MARKS, MEANINGS, clean, convention, count

TEMPLATES = Path(__file__).parents[1] / "templates"
MEANING = {verdict: (MARKS[verdict], MEANINGS[verdict]) for verdict in MARKS}
MEANING["accepted"] = ("(✗)", "is broken, which is known and accepted")
LONGEST_CASE = 20_000
MANY_CELLS = 6


def render(record, laws):
    """The record as an HTML page."""
    found = groups(record)
    anchors = _anchors(found)
    alone, pairs = (
        [(i, cell) for i, cell in enumerate(record["cells"]) if bool(cell.get("names")) is is_pair]
        for is_pair in (False, True)
    )
    style, script = (_own(name) for name in ("report.css", "report.js"))
    return (
        _environment()
        .get_template("report.html")
        .render(
            record=record,
            style=style,
            script=script,
            policy=f"style-src '{_digest(style)}'; script-src '{_digest(script)}'",
            line=summary.line(record),
            bad=summary.is_bad(record),
            tables=[
                ("Laws by cells", _table(alone, laws, anchors)),
                ("Laws between cells", _table(pairs, laws, anchors)),
            ],
            alone=alone,
            traits=sorted({trait for _, cell in alone for trait in cell["traits"]}),
            troubles=list(summary.troubles(record)),
            findings=[_finding(record, group, laws.get(group.law), anchors[id(group)]) for group in found],
        )
    )


@cache
def _environment():
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"clean": clean, "convention": convention, "lines": _lines, "breakable": _breakable}
    found.globals |= {"MEANING": MEANING, "size": plot, "count": count}
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


def _table(cells, laws, anchors):
    """The heads and rows of a table of laws by cells, and the kinds of marks that it has."""
    names = sorted({result["invariant"] for _, cell in cells for result in cell["results"]})
    rows = []
    for name in names:
        marks = [_mark(i, cell, name, anchors) for i, cell in cells]
        rows.append({"law": name, "title": laws[name].title if name in laws else "", "marks": marks})
    kinds = {mark["kind"] for row in rows for mark in row["marks"]} - {"none"}
    legend = [(kind, *MEANING[kind]) for kind in MEANING if kind in kinds]
    return {"cells": cells, "rows": rows, "legend": legend, "many": len(cells) > MANY_CELLS}


def _mark(i, cell, law, anchors):
    """What a table shows of a law on a cell."""
    result = next((each for each in cell["results"] if each["invariant"] == law), None)
    kind = _kind(result) if result else "error" if cell.get("error") else "none"
    mark, meaning = MEANING.get(kind, ("", "was not judged"))
    tip = f"{law} {meaning} on {cell['cell']}" + (f": {count(result['cases'], 'case')}" if result else "")
    if result and result["reason"]:
        tip += f", {result['reason']}"
    return {"cell": i, "kind": kind, "mark": mark, "tip": tip, "anchor": anchors.get((id(cell), law))}


def _kind(result):
    """The verdict, or that all findings are accepted."""
    found = findings(result)
    return "accepted" if found and all("accepted" in finding for finding in found) else result["verdict"]


def _finding(record, group, law, anchor):
    """What the page shows of a finding."""
    cell, *_ = group.members[0]
    case = json.dumps(group.found["case"], ensure_ascii=False)
    short = case if len(case) <= LONGEST_CASE else None
    return {
        "anchor": anchor,
        "kind": "accepted" if group.accepted else group.verdict,
        "group": group,
        "cells": [i for i, each in enumerate(record["cells"]) if any(each is member for member, *_ in group.members)],
        "law": law,
        "meaning": mechanism_meaning(group.found["mechanism"]),
        "facts": facts(group.found, group.verdict),
        "plot": plot.plot(group.found.get("arrays")),
        "case": short,
        "command": again.command(record, cell, group.law, "case.json" if short else None),
    }
