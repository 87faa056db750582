"""The answers to the yardstick's cases, by which two versions are compared in numbers."""

import numpy as np

from bncheck.cases.arrays import number, packed
from bncheck.cases.trace import Malformed, Raised
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.edges import Refused
from bncheck.truth.expected import expected
from bncheck.truth.probe import named
from bncheck.truth.questions import SETTINGS
from bncheck.truth.yardstick import cases


def numbers(subject):
    """Each array of each answer, as a record has it; what the subject does not answer is not there."""
    asked = [
        (s, case, quantities) for s in SETTINGS for case, needs, quantities in cases(s) if needs <= subject.capabilities
    ]
    subject.prefetch([case for _, case, _ in asked])
    return [found for setting, *each in asked for found in _answered(subject, setting, *each)]


def _answered(subject, setting, case, quantities):
    about = {"setting": named(*setting), "case": case.digest[:16]}
    try:
        trace, right = subject.run(case).finish(), expected(subject, case)
        for quantity, step, places in quantities:
            found, ball = _at(trace[step], places), _at(right[step], places)
            if not isinstance(found, np.ndarray):
                raise Malformed(f"the {quantity} is no array")
            allowed = float(np.max(ball.error, initial=0.0))
            yield {"quantity": quantity, **about, "allowed": number(allowed), "values": packed(found)}
    except (Raised, Malformed, SubjectDied, Refused, LookupError, TypeError):
        return


def _at(answer, places):
    for place in places:
        answer = answer[place]
    return answer
