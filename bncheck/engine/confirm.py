"""Confirms a failure on newly built models, one case at a time: nothing packed, nothing used again."""

from bncheck.cases.trace import Malformed, Raised
from bncheck.truth.compare import Violation


def violation(subject, law, case):
    """The violation of a law on a case by newly built models, or None.  Raises SubjectDied."""
    before, subject.plainly = subject.plainly, True
    try:
        law.check(subject, case)
    except (Violation, Raised, Malformed) as problem:
        return None if getattr(problem, "unsupported", False) else as_violation(problem)
    finally:
        subject.plainly = before
    return None


def as_violation(problem):
    """What a check raised, as a violation."""
    if isinstance(problem, Violation):
        return problem
    said = "raises" if isinstance(problem, Raised) else "answers wrongly"
    return Violation(f"the subject {said}: {problem}")
