"""Names the mechanism of a finding: the trait whose illegal value explains the subject's own numbers."""

from itertools import combinations, product

import numpy as np

from bncheck.cases.case import SetState
from bncheck.cases.network import Dense
from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.confirm import violation
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import reference
from bncheck.truth.ball import Ball, magnitude
from bncheck.truth.compare import Violation, close
from bncheck.truth.edges import Refused
from bncheck.truth.probe import Conventions
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits, defects

UNEXPLAINED = "unexplained"
LAST = {"precision: single"}  # its bounds are so wide that it explains whatever is small


def mechanism(subject, law, case, known=()):
    """The illegal trait value under which the reference does what the subject did on the case, or ``unexplained``.

    The values come in the order of ``ILLEGAL``, those of ``known`` first (the mechanisms that were found on the
    subject), and then the law's own mutant.  Where the numbers are within the bound, and the law asks for more, the
    reference with the value has to break the law, too.  Where no single value explains the numbers, two are tried
    together, one of them known.
    """
    traits = (subject.conventions or Conventions()).at(case)
    try:
        explains = _explanation(subject, law, case, traits)
        if not explains(traits):
            for name, variant in (*_singly(traits, known, law.mutant()), *_together(traits, known)):
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


def _singly(traits, known, mutant):
    of_mutant = {name for name, variant in defects(Traits()) if variant == mutant}
    return sorted(defects(traits), key=lambda each: (each[0] not in known, each[0] not in of_mutant, each[0] in LAST))


def _together(traits, known):
    """Two known values, then a known one with each other one: a second defect may show only beside the first."""
    names = [name for name, _ in defects(traits)]
    found, new = ([name for name in names if (name in known) is told] for told in (True, False))
    for pair in (*combinations(found, 2), *product(found, new)):
        values = dict(name.split(": ") for name in pair)
        if len(values) == 2:  # of one axis there is one value
            yield "; ".join(sorted(pair)), traits.but(**values)


def _numbers(subject, cases):
    """Tells whether traits explain the subject's numbers for all the cases, within the bound."""
    traces = [(case, subject.run(case)) for case in cases]
    return lambda traits: all(_explained(trace, case, traits) for case, trace in traces)


def _explained(trace, case, traits):
    try:
        return _same_numbers(trace, reference.run(case, traits))
    except Refused:  # with these traits there are no numbers
        return False


def _behaviour(law, case):
    """Tells whether the reference with traits breaks the law on the case."""
    return lambda traits: not law.differential and violation(reference_subject(traits), law, case) is not None


def _same_numbers(trace, right):
    try:
        return all(_close(trace.finish()[i], step) for i, step in enumerate(right))
    except (Violation, AttributeError, KeyError, IndexError, ValueError):
        return False


def _close(found, right):
    if isinstance(right, dict):
        if "raised" in right:
            return "raised" in found
        # The loss of a training is told to few digits.
        kept = {name: value for name, value in right.items() if name != "loss" or isinstance(value, Ball)}
        return all(_close(found[name], value) for name, value in kept.items())
    if isinstance(right, list):
        return all(_close(a, b) for a, b in zip(found, right, strict=True))
    if not isinstance(right, Ball):
        return found == right
    found = np.asarray(found)
    close("number", found, right)
    # Where the reference has no number anything is within its bound.
    if np.isfinite(found[np.isnan(magnitude(right.value))]).any():
        return False
    # What is answered in fewer digits than it is computed in is explained by no numbers, zeros and ones either.
    return np.finfo(found.dtype).eps / 2 <= right.arithmetic.u
