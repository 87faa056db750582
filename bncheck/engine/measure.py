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

HIDDEN = "hidden by another defect"


def measure_all(subject):
    """The conventions of a subject on every axis, which it keeps; laws are asked where no question tells a value."""
    subject.conventions = probe.measure(subject)
    found = {axis: dict(values) for axis, values in subject.conventions.found.items()}
    for law, axis, value in by_laws():
        values = found.setdefault(axis, {})
        if law.needs <= subject.capabilities and set(values.values()) <= {getattr(PAPERS, axis), HIDDEN}:
            _ask(subject, law, axis, f"{axis}: {value}", values)
        found[axis] = {setting: each for setting, each in values.items() if each != HIDDEN} or values
    subject.conventions = Conventions(found)
    return subject.conventions


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


def _ask(subject, law, axis, name, values):
    """Note under the law's name what its examples tell of the axis; what the probe has told already is not repeated."""
    told = {_told(subject, law, case, axis, name) for case in law.examples} - {None, *values.values()}
    known = [each for each in told if each not in (HIDDEN, getattr(PAPERS, axis))]
    if known or told:
        values[law.name] = min(known or told)


def _told(subject, law, case, axis, name):
    try:
        judged = law.check(subject, case) is not None
        return getattr(PAPERS, axis) if judged else None
    except SubjectDied:
        return UNEXPLAINED
    except (Violation, Raised, Malformed) as problem:
        if getattr(problem, "unsupported", False) or not violation(subject, law, case):
            return None
    found, _, value = mechanism(subject, law, case, known={name}).partition(": ")
    if found == UNEXPLAINED:
        return UNEXPLAINED
    return value if found == axis else HIDDEN
