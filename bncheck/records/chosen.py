"""A finding of a record by its name: a law, LAW@CELL where several cells break it, or LAW@CELL#2 for a further one."""

from bncheck.errors import UnknownName, UsageError
from bncheck.records.record import findings


def chosen(record, name):
    """The cell's entry, its result and the finding of that name.  Raises UsageError where there is none."""
    known = dict(named(record))
    if not known:
        raise UsageError("the record has no finding")
    for each, found in known.items():
        if name in (each, each.partition("#")[0], each.partition("@")[0]):
            return found
    raise UnknownName("finding of the record", name, known)


def named(record):
    """The findings of a record, each with its whole name."""
    for cell in record["cells"]:
        for result in cell["results"]:
            for place, finding in enumerate(findings(result)):
                number = f"#{place + 1}" if place else ""
                yield f"{result['invariant']}@{cell['cell']}{number}", (cell, result, finding)
