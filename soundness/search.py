"""Holds the sound algorithms to every law, on the cases that runs draw, and keeps each check's margin.

Cases in half precision are among them: the simulation of a case rounds to float16 or bfloat16 what goes into a layer
and comes out of it, and the algorithms compute in float32 between.
"""

import time
from collections import defaultdict
from dataclasses import replace
from itertools import count, pairwise, product

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.drawn import by_strategy, drawn
from bncheck.engine.drawn import count as examples
from bncheck.engine.pair import Pair
from bncheck.invariants import asked
from bncheck.subjects.packing import at_once
from bncheck.truth.compare import Violation
from bncheck.truth.probe import measure
from bncheck.truth.questions import NEEDED
from bncheck.truth.reference_subject import direct_subject
from soundness.algorithms import ALGORITHMS

ROUND = 50  # examples a law before the laws take turns again


def sound_subjects():
    """Every algorithm as a subject whose conventions were measured, one of them with the other estimator."""
    other = {"laned, over n - 1": replace(ALGORITHMS["laned and folded"], unbiased=True)}
    found = [direct_subject(name=name, maths=each.maths) for name, each in (ALGORITHMS | other).items()]
    for subject in found:
        subject.conventions = measure(subject, NEEDED)
    return found


def search(laws, subjects, seed, checks, *, tell=lambda done: None):
    """The margins of each law, and the failures: at least so many checks, on cases of one seed."""
    found = Found(laws)
    for again in count():
        for group in by_strategy(laws):
            cases = at_once(drawn(group[0].cases, seed, examples(group[0], ROUND), again=again))
            given = [] if again else [([law], [case]) for law in group for case in law.examples]
            for judged, some in [*given, *((group, some) for some in cases)]:
                found.judge(judged, _sides(group, subjects), some)
                tell(found.checks)
                if found.checks >= checks and not given:
                    return found
    return found


def _sides(group, subjects):
    """The subjects that a group of laws judges: for laws between two, each beside the next."""
    if not group[0].differential:
        return subjects
    return [Pair(one, other) for one, other in pairwise(subjects)]


class Found:
    """What came of the checks: each law's margins, the failures, and the checks that had nothing to judge."""

    def __init__(self, laws):
        self.margins, self.failures, self.checks = {law.name: [] for law in laws}, [], 0
        self.unjudged = defaultdict(int)
        self.started = time.perf_counter()

    def judge(self, laws, subjects, cases):
        """Hold every subject to every law on cases that are asked at once."""
        every = asked(laws, cases)
        for subject in subjects:
            subject.prefetch(*every)
        for case, law in product(cases, laws):  # and then every subject, so that what is right is computed once
            for subject in subjects:
                self._judge(law, subject, case)
        for subject in subjects:
            subject.forget()

    def _judge(self, law, subject, case):
        try:
            margin = law.check(subject, case)
        except (Violation, Raised, Malformed) as problem:
            if not getattr(problem, "unsupported", False):
                self._failed(law, subject, case, problem)
                return
            margin = None
        if margin is None:
            self.unjudged[law.name] += 1
            return
        self.checks += 1
        self.margins[law.name].append(margin)

    def _failed(self, law, subject, case, problem):
        numbers = {name: getattr(problem, name, None) for name in ("where", "actual", "expected", "allowed")}
        self.checks += 1
        self.failures.append(
            {"law": law.name, "subject": subject.name, "what": str(problem), **numbers, "case": case.to_json()}
        )
