"""The findings of a record, each once, with all the cells that have it."""

import hashlib
from dataclasses import dataclass

from bncheck.records import record

# What may differ between two cells with the same finding.
BESIDE = ("arrays", "script")


@dataclass(frozen=True)
class Group:
    """A finding of a law, and for each cell that has it the cell's entry, its result, and the finding's place there."""

    law: str
    verdict: str
    found: dict
    members: tuple

    @property
    def cells(self):
        """The names of the cells."""
        return [cell["cell"] for cell, *_ in self.members]

    @property
    def accepted(self):
        """Why the finding does not count, as ``reason`` and perhaps ``link``; None where it counts."""
        return self.found.get("accepted")

    @property
    def fingerprint(self):
        """A name for the law and the mechanism, that stays the same from run to run."""
        return fingerprint(self.law, self.found["mechanism"])


def groups(found):
    """The groups of a record's findings, in the order of the laws."""
    members = {}
    for cell in found["cells"]:
        for result in cell["results"]:
            for place, finding in enumerate(record.findings(result)):
                same = repr({name: value for name, value in finding.items() if name not in BESIDE})
                members.setdefault((result["invariant"], result["verdict"], same), []).append((cell, result, place))
    ordered = sorted(members.items(), key=lambda group: group[0][0])
    return [Group(law, verdict, _first(group), tuple(group)) for (law, verdict, _), group in ordered]


def _first(group):
    _, result, place = group[0]
    return record.findings(result)[place]


def fingerprint(law, mechanism):
    """Sixteen hexadecimal digits that stand for a law and a mechanism."""
    return hashlib.sha256(f"{law}\0{mechanism}".encode("utf-8", "backslashreplace")).hexdigest()[:16]
