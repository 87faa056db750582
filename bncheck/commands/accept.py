"""`bncheck accept` puts a finding of a record into your ledger."""

import json
from pathlib import Path

import click
from packaging.version import InvalidVersion, Version

from bncheck import invariants
from bncheck.errors import UsageError
from bncheck.records import ledger, ledger_file
from bncheck.records import record as records
from bncheck.records.chosen import chosen
from bncheck.reports.words import clean
from bncheck.subjects.identity import parsed


@click.command()
@click.argument("record", metavar="RECORD")
@click.argument("finding", metavar="FINDING")
@click.option("--reason", required=True, help="Why it is accepted.")
@click.option("--link", required=True, metavar="URL", help="Where it is reported.")
@click.option(
    "--versions", metavar="RANGE", help="The versions that have it, such as '>=2.0,<2.12'; by default its own."
)
@click.option(
    "--file", "path", metavar="FILE", help="bncheck.toml or pyproject.toml; by default the nearest that is ours."
)
def accept(record, finding, reason, link, versions, path):
    """Accept FINDING of RECORD: a law, or LAW@CELL, or LAW@CELL#2 for a further finding.

    What breaks the law by the same mechanism, on the same framework and in the range of versions, is then shown and
    counted, and fails no run.  Once the finding's case keeps the law, the run fails until the range is narrowed.
    """
    laws = invariants.load_all()
    cell, result, found = chosen(records.read(record), finding)
    place, known = ledger_of(path, laws)
    about = {"reason": clean(reason), "link": clean(link)}
    tables = [_table(cell, result, found, part, versions) | about for part in found["mechanism"].split("; ")]
    entries = [ledger.entry(in_order(table), laws, str(place), "the entry") for table in tables]
    new = [each for each in entries if not any(_is_in(each, old, cell) for old in known)]
    if not new:
        raise UsageError(f"{finding} is accepted in {place} already")
    ledger_file.add(place, [in_order(table) for table, each in zip(tables, entries, strict=True) if each in new])
    for each in new:
        click.echo(clean(f"accepted in {place}: {each.law} by {each.mechanism} on {each.subject}{each.versions}"))


def ledger_of(path, laws):
    """The user's file, by default the nearest that is ours, and its entries."""
    place = Path(path) if path else ledger.find(Path.cwd()) or Path.cwd() / "bncheck.toml"
    return place, ledger.parse(place, laws) if place.is_file() else []


def _table(cell, result, found, mechanism, versions):
    """The entry for one mechanism of a finding, without the reason.  Raises UsageError where there can be none."""
    if result["verdict"] != "fail":
        raise UsageError(f"{result['invariant']} is not broken on {cell['cell']}: it has no verdict")
    subject = parsed(cell["subject"])
    if "==" not in cell["subject"] or "names" in cell:
        raise UsageError(f"{cell['cell']} is not one framework: accept the finding of one subject")
    return {
        "law": result["invariant"],
        "subject": subject.kind,
        "versions": versions or f"=={_public(subject.version)}",
        "mechanism": mechanism,
        "case": json.dumps(found["case"], separators=(",", ":")),
    }


def _public(version):
    try:
        return Version(version).public
    except InvalidVersion:
        raise UsageError(f"{version!r:.40} is no version: say which have it with --versions") from None


def in_order(table):
    """An entry with its keys as a ledger has them."""
    return {key: table[key] for key in ledger.KEYS}


def _is_in(entry, old, cell):
    return old.covers(cell) and old.accepts(entry.law, entry.mechanism)
