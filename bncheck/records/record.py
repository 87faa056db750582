"""The record of a run: plain JSON values of the form that ``schema.json`` says."""

import json
import math
import os
from functools import cache
from pathlib import Path

import bncheck
from bncheck.cases.arrays import number, to_json
from bncheck.errors import UsageError

SCHEMA = Path(__file__).with_name("schema.json")
VERSION = 1
MOST_SHOWN = 256
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def new(cells, *, seed, max_examples, started=None, interrupted=False, notes=()):
    """A record of the entries of cells; ``started`` is a time in UTC, as ISO 8601 writes it."""
    found = {
        "schema": VERSION,
        "bncheck": bncheck.__version__,
        "seed": seed,
        "max_examples": max_examples,
        "cells": list(cells),
    }
    if started:
        found["started"] = started
    if interrupted:
        found["interrupted"] = True
    if notes:
        found["notes"] = list(notes)
    return found


def with_scenario(record, found):
    """The record with what came of a scenario, in place of what it had of the same one."""
    others = [each for each in record.get("scenarios", ()) if each["scenario"] != found["scenario"]]
    return record | {"scenarios": [*others, to_json(found)]}


def plain_result(result):
    """A result of the engine as JSON values."""
    further = {"further": [_plain_finding(each) for each in result.further]} if result.further else {}
    return {
        "invariant": result.invariant,
        "verdict": result.verdict,
        "cases": result.cases,
        "margin": number(result.margin),
        "seconds": round(result.seconds, 3),
        "reason": result.reason,
        "finding": _plain_finding(result.finding) if result.finding else None,
        **further,
    }


def findings(result):
    """The findings of a record's result, one a mechanism."""
    return [result["finding"], *result.get("further", ())] if result.get("finding") else []


def is_accepted(result):
    """Whether a law is broken, and every one of its findings is known and accepted."""
    found = findings(result)
    return result["verdict"] == "fail" and bool(found) and all("accepted" in finding for finding in found)


def _plain_finding(finding):
    # A plot of more numbers would show nothing, and a record is kept small.
    small = finding.arrays and finding.arrays["actual"].size <= MOST_SHOWN
    return {
        "what": finding.what,
        "where": finding.where,
        "actual": to_json(finding.actual),
        "expected": to_json(finding.expected),
        "allowed": number(finding.allowed),
        "mechanism": finding.mechanism,
        "case": finding.case.to_json(),
        **({"arrays": to_json(finding.arrays)} if small else {}),
    }


def write(record, path):
    """Put a record in a file, whole or not at all.  Raises UsageError where the file cannot be written."""
    write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n", path)


def write_text(text, path):
    """Put a text in a file, whole or not at all.  Raises UsageError where the file cannot be written."""
    # The file may be a link's target, and a device such as /dev/stdout is not to be replaced by a file.
    place = Path(path).resolve()
    try:
        if place.exists() and not place.is_file():
            place.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        temporary = place.with_name(f".{place.name}.{os.getpid()}.new")
        try:
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def read(path):
    """The record in a file.  Raises UsageError, in one line, where the file holds anything else."""
    return checked(read_json(path), path)


def read_json(path):
    """The JSON value in a file.  Raises UsageError where there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_refused, parse_float=_float, parse_int=_integer)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise UsageError(f"{path} is no record of bncheck: it is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON, or broken off: {str(error).splitlines()[0]:.200}") from None


def _refused(constant):
    raise ValueError(f"JSON has no {constant}")


def _float(text):
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"no float is as large as {text:.40}")
    return value


def _integer(text):
    _float(text)
    return int(text)


def checked(value, path):
    """The value, which came from ``path``, where it is a record of this schema.  Raises UsageError."""
    if not isinstance(value, dict) or "schema" not in value or "cells" not in value:
        raise UsageError(f"{path} is no record of bncheck: `bncheck run --record FILE` writes one")
    if type(value["schema"]) is not int or value["schema"] != VERSION:
        raise UsageError(
            f"{path} is a record of schema {value['schema']!r:.40}, and this bncheck reads {VERSION}: "
            "read it with the bncheck that wrote it, or run again"
        )
    fault = _fault(value, schema(), "the record")
    if fault:
        raise UsageError(f"{path} is no whole record of bncheck: {fault}")
    return value


@cache
def schema():
    """The published JSON schema."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def _fault(value, rule, place):
    """What is wrong with a value by a rule of the schema, in one line, or None; of JSON schema, what ours uses."""
    if "$ref" in rule:
        return _fault(value, schema()["$defs"][rule["$ref"].rpartition("/")[2]], place)
    if "anyOf" in rule:
        faults = [_fault(value, each, place) for each in rule["anyOf"]]
        return None if None in faults else faults[-1]
    allowed = [rule["const"]] if "const" in rule else rule.get("enum")
    if allowed is not None:
        same = any(type(each) is type(value) and each == value for each in allowed)
        return None if same else f"{place} is {value!r:.60}, not {' or '.join(map(str, allowed))}"
    if "type" in rule and not _is(value, rule["type"]):
        return f"{place} is {value!r:.60}, not of type {rule['type']}"
    if isinstance(value, dict):
        return _fault_within(value, rule, place)
    if isinstance(value, list) and "items" in rule:
        return next(filter(None, (_fault(item, rule["items"], f"{place}[{i}]") for i, item in enumerate(value))), None)
    return None


def _is(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _fault_within(value, rule, place):
    """What is wrong inside an object."""
    missing = [name for name in rule.get("required", ()) if name not in value]
    if missing:
        return f"{place} has no {missing[0]!r}"
    known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    for name, item in value.items():
        if name not in known and others is False:
            return f"{place} has an unknown key {name!r:.40}"
        inner = known.get(name, others)
        fault = _fault(item, inner, f"{place}.{name:.40}") if isinstance(inner, dict) else None
        if fault:
            return fault
    return None
