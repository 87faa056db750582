"""Measures a subject's traits: fixed cases, and the variant of the reference that explains all their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product

from bncheck.cases.network import BatchNorm
from bncheck.cases.trace import Malformed, Raised, Trace
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import reference
from bncheck.truth.edges import Refused
from bncheck.truth.questions import QUESTIONS, explains
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import LEGAL, Traits, values_of

UNEXPLAINED = "unexplained"
NOT_OFFERED = "not offered"
DOUBLE_ONLY = frozenset(["precision", "momentum_precision"])  # in float32 their values are one


@dataclass(frozen=True)
class Conventions:
    """The traits of a subject: for each axis the values by setting.

    A setting is the rank, the position of the channels and the dtype, or the name of the law whose example told the
    value.  An axis that was asked and not offered has no values; one that was not asked is not there.
    """

    found: Mapping = field(default_factory=dict)

    def at(self, case):
        """The traits that hold for a case: the conventions; what is no convention is the paper's."""
        norm = next((layer for layer in case.network if isinstance(layer, BatchNorm)), None)
        position = "first" if norm is not None and norm.axis == 1 else "last"
        return self._legal.get((len(case.shape), position, case.dtype), PAPERS)

    @cached_property
    def _legal(self):
        legal = {}
        for axis, values in self.found.items():
            for setting, value in values.items():
                if value in LEGAL[axis]:
                    legal.setdefault(setting, {})[axis] = value
        return {setting: Traits(**values) for setting, values in legal.items()}

    def plain(self):
        """The measured axes as plain values: one value, or a value for each setting where they differ."""
        return {axis: _plain(values) for axis, values in self.found.items()}


def _plain(values):
    if len(set(values.values())) <= 1:
        return next(iter(values.values()), NOT_OFFERED)
    return {setting if isinstance(setting, str) else named(*setting): value for setting, value in values.items()}


def named(rank, position, dtype):
    """A setting as a record has it."""
    return f"rank {rank}, channels {position}, {dtype}"


PAPERS = Traits()


def measure(subject, questions=QUESTIONS):
    """The conventions of a subject; a setting that it does not offer is left out."""
    found = {axis: {} for question in questions for axis in question.axes}
    asked = [question for question in questions if question.needs <= subject.capabilities]
    settings = list(dict.fromkeys(setting for question in asked for setting in question.settings))
    batches = [[case for q in asked if setting in q.settings for case in q.cases(setting)] for setting in settings]
    subject.prefetch(batches[0] if batches else [])
    for setting, following in zip(settings, [*batches[1:], []], strict=False):
        subject.prefetch(following)  # the subject works on the next setting while this one is judged
        known = PAPERS
        for question in asked:
            if setting in question.settings:
                values = _answer(subject, question, setting, known)
                known = known.but(**{axis: v for axis, v in values.items() if v != UNEXPLAINED})
                for axis, value in values.items():
                    found[axis][setting] = value
    return Conventions(found)


def tells(axis, value):
    """Whether a question tells a value of an axis from the paper's."""
    subject = reference_subject(PAPERS.but(**{axis: value}))
    for question in QUESTIONS if value != getattr(PAPERS, axis) else ():
        if axis in question.axes:
            for setting in question.settings[:2]:  # in both dtypes
                cases = question.cases(setting)
                seen = question.seen(setting, *map(subject.run, cases))
                if not explains(seen, question.seen(setting, *(_right(case, PAPERS) for case in cases))):
                    return True
    return False


def _answer(subject, question, setting, known):
    """The values of the question's axes that explain what the subject did, those nearest to the paper first."""
    axes = [axis for axis in question.axes if setting[2] == "float64" or axis not in DOUBLE_ONLY]
    cases = question.cases(setting)
    try:
        seen = question.seen(setting, *(subject.run(case) for case in cases))
    except Raised as raised:
        return {} if raised.unsupported else dict.fromkeys(axes, UNEXPLAINED)
    except (Malformed, SubjectDied, LookupError, TypeError, ValueError):
        return dict.fromkeys(axes, UNEXPLAINED)
    for values in _combinations(tuple(axes)):
        traits = known.but(**values)
        if explains(seen, question.seen(setting, *(_right(case, traits) for case in cases))):
            return values
    return dict.fromkeys(axes, UNEXPLAINED)


@lru_cache
def _combinations(axes):
    """All values of the axes, by the number that are not the paper's; a legal value goes before an illegal one."""
    every = [dict(zip(axes, values, strict=True)) for values in product(*map(values_of, axes))]
    return sorted(every, key=lambda values: sum(value != getattr(PAPERS, axis) for axis, value in values.items()))


@lru_cache(maxsize=256)
def _right(case, traits):
    try:
        return Trace(reference.run(case, traits))
    except Refused as refused:
        return Trace([], ("Refused", str(refused), 0, False))
