"""Judges one law on one case: what the check says, and what it means when the subject raises or dies."""

import time
from dataclasses import dataclass, field

from bncheck.cases.trace import Malformed, Raised
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.compare import Violation


@dataclass
class Tally:
    """What is known of a law so far."""

    law: object
    cases: int = 0
    margin: float = 0.0
    seconds: float = 0.0
    unsupported: int = 0
    failing: tuple | None = None  # (case, violation), confirmed on a newly built subject
    unconfirmed: tuple | None = None
    died: SubjectDied | None = None
    done: bool = field(default=False)

    @property
    def open(self):
        """Whether the law is to be judged on further cases."""
        return not (self.failing or self.died or self.done)


def judge(subject, tally, case):
    """Judge a law on a case, and note in its tally what came of it."""
    start = time.perf_counter()
    try:
        margin = tally.law.check(subject, case)
        if margin is not None:
            tally.cases += 1
            tally.margin = max(tally.margin, margin)
    except SubjectDied as died:
        tally.died = died
    except (Violation, Raised, Malformed) as problem:
        _note(subject, tally, case, problem)
    tally.seconds += time.perf_counter() - start


def _note(subject, tally, case, problem):
    if getattr(problem, "unsupported", False):
        tally.unsupported += 1
        return
    tally.cases += 1
    try:
        confirmed = violation(subject, tally.law, case)
    except SubjectDied as died:
        tally.died = died
        return
    if confirmed:
        tally.failing = (case, confirmed)
    elif not tally.unconfirmed:
        tally.unconfirmed = (case, as_violation(problem))


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
