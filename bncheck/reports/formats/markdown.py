"""Markdown for a pull request and for a CI job's summary: the broken laws by cells, and each finding to unfold.

All that comes from a record stands in code, where Markdown and GitHub see no markup, link or mention.
"""

import re
from html import escape

from bncheck.records.record import findings
from bncheck.reports import again, summary
from bncheck.reports.facts import facts
from bncheck.reports.groups import groups
from bncheck.reports.words import MARKS, MEANINGS, clean, count

# GitHub refuses a comment of more than 65536 letters.
LONGEST = 60_000
QUIET = ("pass", "inapplicable")


def render(record, laws):
    """The record as Markdown."""
    found = groups(record)
    parts = [_head(record), *_grid(record), *_notes(record)]
    size = sum(map(len, parts)) + 200
    for i, group in enumerate(found):
        part = _finding(record, group, laws.get(group.law))
        size += len(part)
        if size > LONGEST:
            parts.append(f"{count(len(found) - i, 'further finding')}: the record has {'it' if i == 1 else 'them'}.\n")
            break
        parts.append(part)
    return "\n".join(parts)


def _head(record):
    mark = MARKS["fail" if summary.is_bad(record) else "pass"]
    return f"### {mark} bncheck\n\n{code(summary.line(record))}\n"


def _grid(record):
    """The laws and cells in which something is not as it should be, and in a line those in which all is."""
    cells = [cell for cell in record["cells"] if cell.get("error") or not _held(cell)]
    laws = sorted({each["invariant"] for cell in cells for each in cell["results"] if each["verdict"] not in QUIET})
    rows = [[_in_table(law), *(_mark(cell, law) for cell in cells)] for law in laws]
    if rows:
        heads = ["law", *(_in_table(cell["cell"]) for cell in cells)]
        yield "".join(f"| {' | '.join(row)} |\n" for row in [heads, ["---", *[":-:"] * len(cells)], *rows])
        marks = [mark for mark in MARKS if any(MARKS[mark] in row for row in rows)]
        yield f"{', '.join(f'{MARKS[verdict]} {MEANINGS[verdict]}' for verdict in marks)}\n"
    kept = [code(cell["cell"]) for cell in record["cells"] if cell not in cells]
    if kept:
        yield f"No law is broken on {', '.join(kept)}.\n"


def _held(cell):
    return all(result["verdict"] in QUIET for result in cell["results"])


def _mark(cell, law):
    for result in cell["results"]:
        if result["invariant"] == law:
            known = result["finding"] and all("accepted" in found for found in findings(result))
            return MARKS[result["verdict"]] + (" (accepted)" if known else "")
    return ""


def _notes(record):
    lines = [f"- {MARKS.get(verdict, '')} {code(line)}\n" for verdict, line in summary.troubles(record)]
    return ["".join(lines)] if lines else []


def _finding(record, group, law):
    """A finding to unfold, under its law and its cells."""
    cell, *_ = group.members[0]
    head = f"<summary>{MARKS[group.verdict]} <code>{escape(clean(group.law))}</code> on {_names(group.cells)}</summary>"
    title = [f"{escape(law.title)}\n", f"Why: {escape(law.why)} ([origin]({law.origin.link}))\n"] if law else []
    parts = [*title, block("\n".join(_lines(group))), "See it again:\n", block(again.command(record, cell, group.law))]
    if "script" in group.found:
        parts += ["With the framework alone:\n", block(group.found["script"], "python")]
    return "\n".join([f"<details>{head}\n", *parts, "</details>\n"])


def _names(cells):
    return ", ".join(f"<code>{escape(clean(cell))}</code>" for cell in cells)


def _lines(group):
    for label, value in facts(group.found, group.verdict):
        if isinstance(value, list):
            yield from (f"{'step ' + number:10} {kind} {arguments}" for number, kind, arguments in value)
        else:
            yield f"{label:10} {value}"


def code(text):
    """A text as code within a line."""
    plain = clean(text).strip() or " "
    fence = "`" * (_longest_run(plain) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{space}{plain}{space}{fence}"


def _in_table(text):
    """Code in a table, where a bar would end the column even within code."""
    return code(text).replace("|", r"\|")


def block(text, language=""):
    """Lines as a block of code."""
    lines = [clean(line) for line in text.split("\n")]
    fence = "`" * max(3, *(_longest_run(line) + 1 for line in lines))
    return "\n".join([f"{fence}{language or 'text'}", *lines, f"{fence}\n"])


def _longest_run(text):
    return max(map(len, re.findall("`+", text)), default=0)
