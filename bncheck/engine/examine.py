"""The one unit of work: hold one subject, or a pair, to laws within a budget."""

import time
from dataclasses import dataclass, field

from bncheck.cases.strategies import layer_cases
from bncheck.engine import drawn
from bncheck.engine.attribute import UNEXPLAINED, mechanism
from bncheck.engine.judge import Tally, judge
from bncheck.engine.shrink import smallest
from bncheck.invariants import asked
from bncheck.truth.probe import measure
from bncheck.truth.questions import NEEDED


@dataclass(frozen=True)
class Budget:
    """How much is searched: examples a law (times the share of its strategy), seconds in all, and the seed.

    With no examples nothing is drawn, and the laws' own are all.  ``shrink`` says whether a failing case is made small.
    """

    max_examples: int = 100
    max_time: float | None = None
    seed: int = 0
    shrink: bool = True


@dataclass(frozen=True)
class Finding:
    """The smallest failing case of a law on a subject, and what differed there; ``arrays`` as in a Violation."""

    what: str
    where: list | None
    actual: object
    expected: object
    allowed: float | None
    mechanism: str
    case: object
    arrays: dict | None = field(default=None, compare=False)  # they follow from the case


@dataclass(frozen=True)
class Result:
    """A law's verdict on a subject; ``reason`` says why it is not pass or fail.

    ``further`` are findings of other mechanisms than the first's.
    """

    invariant: str
    verdict: str
    cases: int
    margin: float
    seconds: float
    finding: Finding | None = None
    reason: str = ""
    further: tuple = ()


class Stopped(BaseException):
    """The time is over, or the user asked to stop."""


def examine(subject, laws, budget=Budget(), *, progress=lambda done, total: None, stop=lambda: False):
    """The result of each law, in the laws' order.

    ``progress`` is told how many law-cases of how many are done; ``stop`` says whether the user wants to stop.  Every
    law gets a verdict: one that was not searched to the end of its budget is ``inconclusive``.
    """
    search = Search(subject, budget, progress, stop)
    able = [law for law in laws if law.needs <= subject.capabilities]
    known = set()
    tallies = {law.name: Tally(law, known) for law in able}
    stopped = ""
    try:
        if not hasattr(subject, "second"):
            subject.conventions = subject.conventions or measure(subject, NEEDED)
        search.run(list(tallies.values()))
    except Stopped as why:
        stopped = str(why)
    except KeyboardInterrupt:
        stopped, search.stop = "interrupted", lambda: True
    return [_result(search, law, tallies.get(law.name), stopped) for law in laws]


def unjudged(laws, results):
    """Why no law of a single layer, or of those selected, could be judged; empty where one could.

    Laws of networks may hold on a subject whose batch norm takes part in nothing.
    """
    own = [result for law, result in zip(laws, results, strict=True) if law.cases is layer_cases] or results
    if any(result.verdict != "inapplicable" for result in own):
        return ""
    return "; ".join(sorted({result.reason for result in own})) or "none was selected"


class Search:
    """Draws cases and judges every open law on each."""

    def __init__(self, subject, budget, progress, stop):
        self.subject, self.budget, self.progress, self.stop = subject, budget, progress, stop
        self.deadline = time.monotonic() + budget.max_time if budget.max_time else None
        self.done = self.total = 0

    def run(self, tallies):
        """For each strategy the examples, then a sweep of drawn cases.

        The cheapest cases, of which most are drawn, come first: where the time is short, most laws are decided.
        """
        of_law = {tally.law.name: tally for tally in tallies}
        groups = [[of_law[law.name] for law in laws] for laws in drawn.by_strategy(tally.law for tally in tallies)]
        groups.sort(key=self.count, reverse=True)
        self.total = sum(len(group) * self.count(group) for group in groups)
        self.total += sum(len(tally.law.examples) for tally in tallies)
        for group in groups:
            self.examples(group)
            if self.count(group):
                self.sweep(group)
            for tally in group:
                tally.done = True

    def count(self, group):
        """The number of cases that are drawn for a group of laws."""
        return drawn.count(group[0].law, self.budget.max_examples)

    def examples(self, group):
        """Judge each law on its own examples."""
        for tally in group:
            for case in tally.law.examples:
                if tally.open:
                    self.check_time()
                    judge(self.subject, tally, case)
                self.tell(1)

    def sweep(self, group):
        """Judge every open law of the group on each drawn case, while the subject works on the next ones."""
        if not any(tally.open for tally in group):
            return
        sent = []
        for cases in drawn.stream(group[0].law.cases, self.budget.seed, self.count(group)):
            self.ask(group, cases)
            sent.append(cases)
            if len(sent) > 1:
                self.judge_all(group, sent.pop(0))
        for cases in sent:
            self.judge_all(group, cases)

    def ask(self, group, cases):
        """Send all that the open laws will ask for, in one request."""
        self.check_time()
        self.subject.prefetch(*asked([tally.law for tally in group if tally.open], cases))

    def judge_all(self, group, cases):
        """Judge every open law on each of the cases that were asked."""
        for case in cases:
            self.check_time()
            for tally in group:
                if tally.open:
                    judge(self.subject, tally, case)
            self.tell(len(group))

    def tell(self, judged):
        """Say how many more law-cases are done."""
        self.done += judged
        self.progress(self.done, self.total)

    def check_time(self):
        """Raise Stopped when the time is over."""
        if self.stop():
            raise Stopped("interrupted")
        if self.late():
            raise Stopped("the time is over")

    def late(self):
        """Whether the time is over."""
        return bool(self.deadline) and time.monotonic() > self.deadline

    def smallest(self, law, case, violation):
        """The smallest failing case that is found in the time."""
        if not self.budget.shrink:
            return case, violation
        return smallest(self.subject, law, case, violation, stop=lambda: self.stop() or self.late())


def _result(search, law, tally, stopped):
    if tally is None:
        missing = ", ".join(sorted(law.needs - search.subject.capabilities))
        return Result(law.name, "inapplicable", 0, 0.0, 0.0, reason=f"the subject does not offer {missing}")
    verdict, reason, finding, further = "pass", "", None, ()
    if tally.failing:
        verdict, (finding, *further) = "fail", _findings(search, tally)
    elif tally.died:
        verdict, reason = "error", f"{tally.died.reason}; the case is in {tally.died.path}"
        finding = Finding(tally.died.reason, None, None, None, None, "unexplained", tally.died.case)
    elif tally.unconfirmed:
        verdict, reason = "inconclusive", f"seen once, and not on a newly built layer: {tally.unconfirmed[1].what}"
    elif not tally.done:
        verdict, reason = "inconclusive", stopped
    elif not tally.cases:
        verdict, reason = "inapplicable", _offers_none(tally) if tally.unsupported else "no case"
    return Result(law.name, verdict, tally.cases, tally.margin, tally.seconds, finding, reason, tuple(further))


def _offers_none(tally):
    return "the subject offers none of the cases" + (f": {tally.refusal:.160}" if tally.refusal else "")


def _findings(search, tally):
    """A finding for each mechanism; the smallest cases of two may turn out to have one."""
    found = {}
    for name, (case, violation) in tally.failing.items():
        finding = _finding(search, tally, name, case, violation)
        found.setdefault(finding.mechanism, finding)
    return found.values()


def _finding(search, tally, name, case, violation):
    """The finding of a failure whose mechanism is known; a case that loses it on becoming small stays as it was."""
    small = search.smallest(tally.law, case, violation)
    named = mechanism(search.subject, tally.law, small[0], tally.known)
    if named == UNEXPLAINED != name:
        named = name
    else:
        case, violation = small
    return Finding(
        violation.what,
        violation.where,
        violation.actual,
        violation.expected,
        violation.allowed,
        named,
        case,
        violation.arrays,
    )
