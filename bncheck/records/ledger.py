"""The ledger: findings that are known and open, each with its mechanism, a range of versions and a pinned case.

bncheck's own has the defects of the frameworks (``ledger.toml``).  A user's is ``ledger`` in ``[tool.bncheck]`` of
pyproject.toml, or in bncheck.toml.  A finding is accepted by its mechanism, in every law that the cause breaks; one
that nothing explains is accepted in the entry's own law alone.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from bncheck.cases.case import Case
from bncheck.errors import UnknownName, UsageError
from bncheck.records import record
from bncheck.subjects.identity import parsed
from bncheck.truth.traits import ILLEGAL

OWN = Path(__file__).with_name("ledger.toml")
KEYS = ("law", "subject", "versions", "mechanism", "reason", "link", "case")
UNEXPLAINED = "unexplained"
SUBJECT = re.compile(r"([a-z][a-z0-9-]*)(:[a-z][a-z0-9-]*)?")


@dataclass(frozen=True)
class Entry:
    """One known defect; ``subject`` is a framework, or framework:mode, and ``where`` says which file has the entry."""

    law: str
    subject: str
    versions: str
    mechanism: str
    reason: str
    link: str
    case: Case
    where: str

    @property
    def own(self):
        """Whether it is of bncheck's own ledger."""
        return self.where == OWN.name

    @property
    def plain(self):
        """What a record says of the entry."""
        return {name: getattr(self, name) for name in ("law", "subject", "versions", "mechanism", "link", "where")}

    def covers(self, cell):
        """Whether a cell of a record, or one of a pair, is of the subject and in the range."""
        if self.own and cell.get("layer"):  # a user's layer has no known defects
            return False
        return any(self._covers(subject) for subject in cell["subject"].split(" ~ "))

    def _covers(self, subject):
        given = parsed(subject)
        if self.subject not in (given.framework, given.kind):
            return False
        try:
            return SpecifierSet(self.versions).contains(Version(given.version), prereleases=True)
        except InvalidVersion:
            return False

    def accepts(self, law, mechanism):
        """Whether it is this entry's cause that breaks the law."""
        return mechanism == self.mechanism and (law == self.law or mechanism != UNEXPLAINED)


def load(laws, folder):
    """The entries of bncheck's own ledger, and of the user's that stands in the folder or nearest above it."""
    path = find(folder)
    return [*parse(OWN, laws), *(parse(path, laws) if path else ())]


def find(folder):
    """The user's file, in the folder or nearest above it: bncheck.toml, or a pyproject.toml with a table of ours."""
    for place in (Path(folder), *Path(folder).parents):
        if (place / "bncheck.toml").is_file():
            return place / "bncheck.toml"
        if (place / "pyproject.toml").is_file() and _tables(place / "pyproject.toml") is not None:
            return place / "pyproject.toml"
    return None


def parse(path, laws):
    """The entries of a file.  Raises UsageError, in one line, for what is none."""
    where = OWN.name if path == OWN else str(path)
    tables = _tables(path)
    for key in tables or ():
        if key != "ledger":
            raise UsageError(f"{where}: {UnknownName('key of bncheck', key, ['ledger'])}")
    entries = (tables or {}).get("ledger", [])
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise UsageError(f"{where}: the ledger is a list of tables, [[ledger]] or [[tool.bncheck.ledger]]")
    return [entry(table, laws, where, f"{where}: entry {i}") for i, table in enumerate(entries, 1)]


def _tables(path):
    """What a file has for bncheck; None for a pyproject.toml without any."""
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {str(error).splitlines()[0]:.200}") from None
    if path.name != "pyproject.toml":
        return found
    tool = found.get("tool")
    own = tool.get("bncheck") if isinstance(tool, Mapping) else None
    return own if own is None or isinstance(own, Mapping) else {"ledger": own}


def entry(table, laws, where, place):
    """An entry of plain values.  Raises UsageError, in one line that begins with the place."""
    try:
        _check(table, laws)
        return Entry(**{**table, "case": _case(table["case"])}, where=where)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _check(table, laws):
    for key, value in table.items():
        if key not in KEYS:
            raise UnknownName("key of the ledger", key, KEYS)
        if not isinstance(value, str):
            raise UsageError(f"{key} is text, not {value!r:.40}: quote it")
    missing = [key for key in KEYS if key not in table]
    if missing:
        raise UsageError(f"there is no {missing[0]}")
    if table["law"] not in laws:
        raise UnknownName("law", table["law"], laws)
    if not SUBJECT.fullmatch(table["subject"]):
        raise UsageError(f"a subject is a framework or framework:mode, not {table['subject']!r:.40}")
    _check_range(table["versions"])
    _check_mechanism(table["mechanism"])
    check_why(table["reason"], table["link"])


def check_why(reason, link):
    """Raise UsageError where an entry says not why it is one, and where that is told."""
    if not reason.strip() or not link.startswith(("https://", "http://")):
        raise UsageError("an entry has a reason, and a link that begins with https://")


def _check_range(versions):
    try:
        SpecifierSet(versions)
    except InvalidSpecifier:
        raise UsageError(f"{versions!r:.60} is no range of versions: write it as >=2.0,<2.12") from None


def _check_mechanism(mechanism):
    known = [f"{axis}: {value}" for axis, values in ILLEGAL.items() for value in values]
    if mechanism not in (*known, UNEXPLAINED):
        raise UnknownName("mechanism", mechanism, known)


def _case(text):
    try:
        return Case.from_json(json.loads(text))
    except (ValueError, RecursionError):
        raise UsageError("the case is no JSON: it is that of a record's finding") from None


def accepted(found, entries):
    """The record with what the entries accept marked, and notes on entries that match nothing."""
    cells = [_accepted(cell, entries) for cell in found["cells"]]
    notes = [*found.get("notes", ()), *_unmatched(found["cells"], entries)]
    return {**found, "cells": cells, **({"notes": list(dict.fromkeys(notes))} if notes else {})}


def _accepted(cell, entries):
    covering = [each for each in entries if each.covers(cell)]
    return {**cell, "results": [_marked(result, covering) for result in cell["results"]]} if covering else cell


def _marked(result, entries):
    if result["verdict"] != "fail":
        return result
    marked = [_with_reason(result["invariant"], finding, entries) for finding in record.findings(result)]
    further = {"further": marked[1:]} if marked[1:] else {}
    return {**result, "finding": marked[0], **further}


def _with_reason(law, finding, entries):
    """The finding, with the reason and link of the entry for its first part, where every part of it is known."""
    causes = [_of(law, part, entries) for part in finding["mechanism"].split("; ")]
    if not all(causes):
        return finding
    return {**finding, "accepted": {"reason": causes[0].reason, "link": causes[0].link}}


def _of(law, mechanism, entries):
    return next((each for each in entries if each.accepts(law, mechanism)), None)


def _unmatched(cells, entries):
    """Lines on entries whose law was judged where they hold and that accepted nothing, or whose range holds nowhere."""
    for each in entries:
        covered = [cell for cell in cells if each.covers(cell) and _judged(cell, each.law)]
        frameworks = {parsed(part).framework for cell in cells for part in cell["subject"].split(" ~ ")}
        outside = not each.own and each.subject.partition(":")[0] in frameworks
        if (covered or outside) and not any(_matches(cell, each) for cell in covered):
            yield f"the ledger's entry matches nothing: {described(each.plain)}"


def _judged(cell, law):
    return any(each["invariant"] == law and each["verdict"] in ("pass", "fail") for each in cell["results"])


def _matches(cell, each):
    """Whether a finding has the cause; one that was mended is told otherwise."""
    found = [(result["invariant"], part) for result in cell["results"] for part in _parts(result)]
    return any(each.accepts(*one) for one in found) or each.plain in cell.get("mended", ())


def _parts(result):
    found = record.findings(result) if result["verdict"] == "fail" else ()
    return [part for finding in found for part in finding["mechanism"].split("; ")]


def described(plain):
    """An entry in a line, without its reason."""
    return f"{plain['law']} by {plain['mechanism']} on {plain['subject']}{plain['versions']} ({plain['where']})"
