"""Names the mechanism of a finding: the trait whose illegal value explains the subject's own numbers."""

from itertools import combinations

from bncheck.cases.case import SetState
from bncheck.cases.network import Dense
from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.confirm import violation
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import reference
from bncheck.truth.compare import Violation, close
from bncheck.truth.probe import Conventions
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import defects

UNEXPLAINED = "unexplained"


def mechanism(subject, law, case, known=()):
    """The illegal trait value under which the reference does what the subject did on the case, or ``unexplained``.

    The values come in the order of ``ILLEGAL``, those of ``known`` first; where the numbers are within the bound, and
    the law asks for more, the reference with the value has to break the law, too.  Where no single value explains the
    numbers, two of ``known`` are tried together: the names of mechanisms that were found on the subject.
    """
    traits = (subject.conventions or Conventions()).at(case)
    try:
        explains = _explanation(subject, law, case, traits)
        if not explains(traits):
            for name, variant in (*_singly(traits, known), *_together(traits, known)):
                if explains(variant):
                    return name
    except (Raised, Malformed, SubjectDied):
        pass
    return UNEXPLAINED


def _explanation(subject, law, case, traits):
    """Tells whether traits explain what the subject, whose conventions are ``traits``, did on the case."""
    breaks = _behaviour(law, case)
    if not case.where(SetState) and any(isinstance(layer, Dense) for layer in case.network):
        return breaks  # initial weights are nobody else's numbers
    numbers = _numbers(subject, [case, *law.variants(case)])
    return (lambda variant: numbers(variant) and breaks(variant)) if numbers(traits) else numbers


def _singly(traits, known):
    return sorted(defects(traits), key=lambda each: each[0] not in known)


def _together(traits, known):
    values = sorted(tuple(name.split(": ")) for name in known if name.count(": ") == 1)
    for (one, first), (other, second) in combinations(values, 2):
        if one != other:
            yield f"{one}: {first}; {other}: {second}", traits.but(**{one: first, other: second})


def _numbers(subject, cases):
    """Tells whether traits explain the subject's numbers for all the cases, within the bound."""
    traces = [(case, subject.run(case)) for case in cases]
    return lambda traits: all(_same_numbers(trace, reference.run(case, traits)) for case, trace in traces)


def _behaviour(law, case):
    """Tells whether the reference with traits breaks the law on the case."""
    return lambda traits: not law.differential and violation(reference_subject(traits), law, case) is not None


def _same_numbers(trace, right):
    try:
        return all(_close(trace.finish()[i], step) for i, step in enumerate(right))
    except (Violation, AttributeError, KeyError, IndexError):
        return False


def _close(found, right):
    if isinstance(right, dict):
        return all(_close(found[name], value) for name, value in right.items() if name != "loss")
    if isinstance(right, list):
        return all(_close(a, b) for a, b in zip(found, right, strict=True))
    close("number", found, right)
    return True
