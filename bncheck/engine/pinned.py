"""Judges the pinned cases of the ledger: an entry whose case keeps its law is mended, and has to be narrowed."""

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.confirm import violation
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.compare import Violation


def mended(subject, cell, laws, entries):
    """The entries for a record's cell whose pinned case now keeps the law, as a record has them."""
    known = {law.name: law for law in laws}
    asked = [each for each in entries if each.law in known and each.covers(cell)]
    return [each.plain for each in asked if _keeps(subject, known[each.law], each.case)]


def _keeps(subject, law, case):
    """Whether the law was judged on the case, and kept."""
    if not law.needs <= subject.capabilities:
        return False
    try:
        return law.check(subject, case.but(fresh=True)) is not None
    except SubjectDied:
        return False
    except (Violation, Raised, Malformed) as problem:
        return not getattr(problem, "unsupported", False) and violation(subject, law, case) is None
