"""SARIF 2.1.0, which code scanning reads: a rule a law, a result a law and mechanism, with all the cells that have it.

A result's fingerprint is that of its law and its mechanism, so that the same finding on the next version is no new
alert.  An accepted finding is suppressed, with its reason; what could not be examined is a notification.
"""

import json
import re
from urllib.parse import quote

from bncheck.reports import again, summary
from bncheck.reports.facts import mechanism_meaning
from bncheck.reports.groups import groups
from bncheck.reports.words import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
LEVELS = {"error": "error", "fail": "error", "inconclusive": "warning"}


def render(record, laws):
    """The record as SARIF."""
    by_cause = {}
    for group in groups(record):
        if group.verdict == "fail":
            by_cause.setdefault(group.fingerprint, []).append(group)
    names = sorted({group.law for same in by_cause.values() for group in same})
    run = {
        "tool": {"driver": _driver(record, [_rule(name, laws.get(name)) for name in names])},
        "invocations": [_invocation(record)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(record, same) for same in by_cause.values()],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _driver(record, rules):
    return {"name": "bncheck", "version": clean(record["bncheck"]), "rules": rules}


def _rule(name, law):
    rule = {"id": clean(name), "name": clean(name), "defaultConfiguration": {"level": "error"}}
    if law:
        rule["shortDescription"] = {"text": law.title}
        rule["fullDescription"] = rule["help"] = {"text": f"{law.title} Why: {law.why}"}
        rule["helpUri"] = law.origin.link
    return rule


def _invocation(record):
    lines = [(verdict, line) for verdict, line in summary.troubles(record) if verdict != "inapplicable"]
    notes = [{"level": LEVELS.get(verdict, "note"), "message": _message(line)} for verdict, line in lines]
    whole = not record.get("interrupted") and "error" not in [verdict for verdict, _ in lines]
    when = WHEN.match(record.get("started", ""))
    started = {"startTimeUtc": f"{when[0]}Z"} if when else {}
    return {"executionSuccessful": whole, **started, "toolExecutionNotifications": notes}


def _result(record, same):
    """A result for all findings of one law and mechanism; the first one speaks for them."""
    first = next((group for group in same if not group.accepted), same[0])
    cells = list(dict.fromkeys(cell for group in same for cell in group.cells))
    return {
        "ruleId": clean(first.law),
        "level": "error",
        "message": _message(_text(record, first, cells)),
        "locations": [_location(first, cells)],
        "fingerprints": {"lawAndMechanism/v1": first.fingerprint},
        # The name that GitHub takes for the identity of an alert.
        "partialFingerprints": {"primaryLocationLineHash": f"{first.fingerprint}:1"},
        "suppressions": _suppressions(same),
        "properties": {"mechanism": clean(first.found["mechanism"]), "cells": [clean(cell) for cell in cells]},
    }


def _text(record, group, cells):
    found, (cell, *_) = group.found, group.members[0]
    numbers = [f"{name} {found[name]}" for name in ("actual", "expected", "allowed") if found[name] is not None]
    where = f" at {found['where']}" if found["where"] else ""
    meaning = mechanism_meaning(found["mechanism"])
    why = f"{found['mechanism']}, {meaning}" if meaning else found["mechanism"]
    parts = [
        f"{group.law} is broken on {', '.join(cells)}: {found['what']}{where}",
        *([", ".join(numbers)] if numbers else []),
        f"mechanism {why}",
        f"see it again with: {again.command(record, cell, group.law)}",
    ]
    return ". ".join(part[:1].upper() + part[1:] if i else part for i, part in enumerate(parts))


def _location(group, cells):
    """The user's own layer, where there is one; else the law's file."""
    layers = [cell["layer"] for cell, *_ in group.members if cell.get("layer")]
    file = _file(layers[0]) if layers else f"bncheck/invariants/{clean(group.law)}.py"
    logical = [{"name": clean(cell), "fullyQualifiedName": clean(f"{group.law} on {cell}")} for cell in cells]
    place = {"artifactLocation": {"uri": quote(file, errors="replace")}, "region": {"startLine": 1}}
    return {"physicalLocation": place, "logicalLocations": logical}


def _file(layer):
    """The file of ``FILE.py:NAME`` or ``module:NAME``."""
    place = clean(layer).rpartition(":")[0]
    return place if place.endswith(".py") else f"{place.replace('.', '/')}.py"


def _suppressions(same):
    """One, where every one of the findings is accepted."""
    if not all(group.accepted for group in same):
        return []
    reasons = dict.fromkeys(" ".join(group.accepted.values()) for group in same)
    return [{"kind": "external", "status": "accepted", "justification": clean("; ".join(reasons))}]


def _message(text):
    """A message; what a reader of SARIF would take for a link is none."""
    return {"text": clean(text).replace("](", "] (") or "nothing said"}
