"""Writes entries and ranges into a user's ledger, and leaves the rest of the file as it is."""

from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bncheck.errors import UsageError
from bncheck.records import record


def add(path, tables, ranges=()):
    """Put entries of plain values at the end of a file's ledger, and give entries, by their place, other ranges.

    Raises UsageError where that cannot be done.
    """
    path = Path(path)
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        place = _ours(document) if path.name == "pyproject.toml" else document
        entries = place.setdefault("ledger", tomlkit.aot())
        for number, versions in ranges:
            entries[number]["versions"] = versions
        for table in tables:
            entries.append(_table(table) if isinstance(entries, tomlkit.items.AoT) else _inline(table))
    except (TOMLKitError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} takes no entry of a ledger: {str(error).splitlines()[0]:.200}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    record.write_text(tomlkit.dumps(document), path)


def _ours(document):
    tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
    return tool.setdefault("bncheck", tomlkit.table(is_super_table=True))


def _table(values):
    return _filled(tomlkit.table(), values)


def _inline(values):
    return _filled(tomlkit.inline_table(), values)


def _filled(table, values):
    for name, value in values.items():
        # A case is JSON: with its quotes as they are it can be read.
        table[name] = tomlkit.string(value.replace("'", "\\u0027"), literal=True) if name == "case" else value
    return table
