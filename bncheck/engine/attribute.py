"""Names the mechanism of a finding: the trait whose illegal value explains the subject's own numbers."""

from bncheck.cases.case import SetState
from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.judge import violation
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import reference
from bncheck.truth.compare import Violation, close
from bncheck.truth.probe import Conventions
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import defects

UNEXPLAINED = "unexplained"


def mechanism(subject, law, case):
    """The illegal trait value under which the reference does what the subject did on the case, or ``unexplained``."""
    traits = (subject.conventions or Conventions()).at(case)
    try:
        asked = [case, *law.variants(case)]
        for candidates in (defects(traits), _pairs(traits)):
            for name, variant in candidates:
                if _breaks(law, case, variant) and _explains(subject, asked, variant):
                    return name
    except (Raised, Malformed, SubjectDied):
        pass
    return UNEXPLAINED


def _pairs(traits):
    """Two defects at once, of two axes."""
    for first, one in defects(traits):
        for second, both in defects(one):
            if first.split(":")[0] < second.split(":")[0]:
                yield f"{first}; {second}", both


def _breaks(law, case, traits):
    return not law.differential and violation(reference_subject(traits), law, case) is not None


def _explains(subject, cases, traits):
    """Whether the variant's numbers are the subject's, within the bound; initial weights are nobody else's numbers."""
    return all(_same_numbers(subject.run(case), reference.run(case, traits)) for case in cases if case.where(SetState))


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
