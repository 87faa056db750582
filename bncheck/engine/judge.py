"""Judges one law on one case: what the check says, and what it means when the subject raises or dies."""

import time
from dataclasses import dataclass, field

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.attribute import UNEXPLAINED, mechanism
from bncheck.engine.confirm import as_violation, confirmed, is_of_packing
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.compare import Violation

MOST_FAILURES = 8


@dataclass
class Tally:
    """What is known of a law so far; ``known`` are the mechanisms that were found on the subject, by any law."""

    law: object
    known: set = field(default_factory=set)
    cases: int = 0
    margin: float = 0.0
    seconds: float = 0.0
    unsupported: int = 0
    refusal: str = ""  # what the subject said of the first case that it does not offer
    failing: dict = field(default_factory=dict)  # (case, violation) by mechanism, confirmed on newly built models
    failures: int = 0
    unconfirmed: tuple | None = None
    died: SubjectDied | None = None
    done: bool = field(default=False)

    @property
    def open(self):
        """Whether the law is to be judged on further cases."""
        settled = UNEXPLAINED in self.failing or self.failures >= MOST_FAILURES
        return not (settled or self.died or self.done)


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
        tally.refusal = tally.refusal or str(problem).partition(": ")[2]
        return
    tally.cases += 1
    try:
        found = confirmed(subject, tally.law, case)
        settled = found or tally.unconfirmed or is_of_packing(subject, tally.law, case)
    except SubjectDied as died:
        tally.died = died
        return
    if found:
        # A cause that is known by its mechanism must not hide a second one: the law stays open for a while.
        tally.failures += 1
        name = mechanism(subject, tally.law, found[0], known=tally.known)
        tally.known.add(name)
        tally.failing.setdefault(name, found)
    elif not settled:
        tally.unconfirmed = (case, as_violation(problem))
