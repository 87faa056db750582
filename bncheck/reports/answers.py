"""The reference's answers, changed: what a law holds against them says which numbers it compares."""

import numpy as np

from bncheck.cases.case import Attempt, State
from bncheck.cases.trace import Malformed, Raised, Trace
from bncheck.truth.compare import Violation
from bncheck.truth.reference_subject import reference_subject

REFUSAL = {"raised": {"type": "Refused", "message": ""}}


class Answers:
    """The reference as a subject whose answers can be changed; where ``refused``, it refuses every Attempt."""

    conventions = None

    def __init__(self, refused=False):
        self.beside: dict = {}  # each case is answered alone
        self.right, self.refused = reference_subject(), refused
        self.asked, self.changes = {}, {}

    def run(self, case):
        """The trace of a case, with what was changed."""
        self.asked.setdefault(case.digest, case)
        steps = tuple(State() if self.refused and isinstance(s, Attempt) else s for s in case.steps)
        answers = self.right.run(case.but(steps=steps)).finish().steps
        if self.refused:
            answers = [REFUSAL if isinstance(s, Attempt) else a for s, a in zip(case.steps, answers, strict=True)]
        for (digest, step, way), value in self.changes.items():
            if digest == case.digest:
                answers = [_changed(a, way, value) if i == step else a for i, a in enumerate(answers)]
        return Trace(answers)

    def violation(self, law, case, changes=()):
        """What the law holds against the changed answers, or None."""
        self.changes = dict(changes)
        try:
            law.check(self, case)
        except Violation as found:
            return found
        except (Raised, Malformed, LookupError, TypeError, ValueError):  # a check may stumble over what was changed
            return None
        finally:
            self.changes = {}
        return None

    def arrays(self):
        """Every array of every answer that was asked for, by case, step and way."""
        for digest, case in list(self.asked.items()):
            for i, answer in enumerate(self.run(case).steps):
                yield from (((digest, i, way), array) for way, array in _arrays(answer))


def _changed(answer, way, value):
    if not way:
        return value
    head, *rest = way
    copy = list(answer) if isinstance(answer, list) else dict(answer)
    copy[head] = _changed(copy[head], tuple(rest), value)
    return copy


def _arrays(answer, way=()):
    if isinstance(answer, np.ndarray | np.floating):
        yield way, np.asarray(answer)
    elif isinstance(answer, dict | list):
        for key, each in answer.items() if isinstance(answer, dict) else enumerate(answer):
            yield from _arrays(each, (*way, key))
