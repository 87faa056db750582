"""All the traits of a subject: what the probe's fixed cases tell, and for the rest the examples of the laws."""

from dataclasses import fields

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.attribute import UNEXPLAINED, mechanism
from bncheck.engine.confirm import violation
from bncheck.invariants import load_all
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import probe
from bncheck.truth.compare import Violation
from bncheck.truth.probe import PAPERS, Conventions
from bncheck.truth.traits import ILLEGAL

HIDDEN = "hidden"


def measure_all(subject):
    """The conventions of a subject on every axis, which it keeps; laws are asked where no question tells a value."""
    subject.conventions = probe.measure(subject)
    found = {axis: dict(values) for axis, values in subject.conventions.found.items()}
    asked = list(by_laws())
    for law, axis, value in asked:
        values = found.setdefault(axis, {})
        if law.needs <= subject.capabilities and set(values.values()) <= {getattr(PAPERS, axis), HIDDEN}:
            values |= _asked(subject, law, f"{axis}: {value}", _defects(found))
    # A defect that a later law showed may be all that an earlier one saw.
    for law, axis, value in asked:
        if found[axis].get(law.name) in ILLEGAL.get(axis, ()):
            others = {name for name in _defects(found) if not name.startswith(f"{axis}: ")}
            found[axis] |= _asked(subject, law, f"{axis}: {value}", others)
    for axis in {axis for _, axis, _ in asked}:
        found[axis] = _most_telling(found[axis], getattr(PAPERS, axis))
    subject.conventions = Conventions(found)
    return subject.conventions


def _most_telling(values, papers):
    """What laws did not see goes unsaid where there is more to say: the probe's value, or what a law saw."""
    settings = {setting for setting in values if not isinstance(setting, str)}
    said = {setting: each for setting, each in values.items() if each != HIDDEN}
    return {s: each for s, each in said.items() if not (settings and s not in settings and each == papers)} or values


def by_laws():
    """The laws with the axis and the value of their mutant, where no question tells that value."""
    for law in load_all().values():
        changed = departures(law.mutant())
        if len(changed) == 1 and not law.differential and not probe.tells(*changed[0]):
            yield law, *changed[0]


def departures(traits):
    """The axes of traits that are not the paper's, with their values."""
    changed = [(axis.name, getattr(traits, axis.name)) for axis in fields(traits)]
    return [(axis, value) for axis, value in changed if value != getattr(PAPERS, axis)]


def _defects(found):
    """The names of the defects that were found."""
    said = {(axis, value) for axis, values in found.items() for value in values.values()}
    return {f"{axis}: {value}" for axis, value in said if value in ILLEGAL.get(axis, ())}


def _asked(subject, law, name, found):
    """What the examples of a law tell of the axis of its mutant, under the law's name."""
    axis = name.partition(": ")[0]
    told = {_told(subject, law, case, axis, name, found) for case in law.examples} - {None}
    known = [each for each in told if each not in (HIDDEN, getattr(PAPERS, axis))]
    return {law.name: min(known or told)} if told else {}


def _told(subject, law, case, axis, name, found):
    try:
        judged = law.check(subject, case) is not None
        return getattr(PAPERS, axis) if judged else None
    except SubjectDied:
        return UNEXPLAINED
    except (Violation, Raised, Malformed) as problem:
        if getattr(problem, "unsupported", False) or not violation(subject, law, case):
            return None
    # What is known already goes first: it may be all that this example shows.
    named = mechanism(subject, law, case, known=found) if found else UNEXPLAINED
    if named == UNEXPLAINED:
        named = mechanism(subject, law, case, known={name})
    told = dict(part.split(": ") for part in named.split("; ") if part != UNEXPLAINED)
    return told.get(axis, HIDDEN) if told else UNEXPLAINED
