"""Confirms a failure on newly built models, one case at a time: nothing packed, nothing used again."""

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.pair import Pair
from bncheck.truth.compare import Violation
from bncheck.truth.reference_subject import reference_subject


def violation(subject, law, case):
    """The violation of a law on a case by newly built models, or None.  Raises SubjectDied."""
    before, subject.plainly = subject.plainly, True
    try:
        law.check(subject, case)
    except (Violation, Raised, Malformed) as problem:
        return None if getattr(problem, "unsupported", False) else as_violation(problem)
    finally:
        subject.plainly = before
    return None


def confirmed(subject, law, case):
    """The case and the violation of the law on it; or a packed case that it stood in, where that one breaks the law.

    None where newly built models keep the law on all of them.  Raises SubjectDied.
    """
    found = violation(subject, law, case)
    if found:
        return case, found
    for whole in subject.packed([case, *law.variants(case)]):
        found = violation(subject, law, whole) if fits(law, whole) else None
        if found:
            return whole, found
    return None


def fits(law, case):
    """Whether it is a case of the law: the reference can be judged on it, and passes."""
    right = reference_subject()
    try:
        return law.check(Pair(right, right) if law.differential else right, case) is not None
    except (Violation, Raised, Malformed):
        return False
    except Exception:  # a case of another law's form breaks a check in any way
        return False


def is_of_packing(subject, law, case):
    """Whether newly built models break the law again once the case stands where it stood, beside other channels.

    Then one answer was packed otherwise than the one it was compared with, and the law is not about that.
    """
    asked = [case, *law.variants(case)]
    if not subject.packed(asked):
        return False
    subject.renew(asked)
    try:
        law.check(subject, case)
    except (Violation, Raised, Malformed):
        return True
    return False


def as_violation(problem):
    """What a check raised, as a violation."""
    if isinstance(problem, Violation):
        return problem
    said = "raises" if isinstance(problem, Raised) else "answers wrongly"
    return Violation(f"the subject {said}: {problem}")
