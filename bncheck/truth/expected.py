"""What a subject should return for a case, given the conventions that were measured on it."""

from functools import lru_cache

from bncheck.truth import reference
from bncheck.truth.probe import Conventions
from bncheck.truth.traits import Traits


def expected(subject, case):
    """The reference's trace of the case: for each step a dict of balls."""
    return _run(case, (subject.conventions or Conventions()).at(case))


@lru_cache(maxsize=64)
def _run(case, traits: Traits):
    return reference.run(case, traits)
