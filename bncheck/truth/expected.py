"""What a subject should return for a case, given the conventions that were measured on it."""

from functools import lru_cache

from bncheck.cases.trace import Trace
from bncheck.subjects.packing import pack, unpack
from bncheck.truth import reference
from bncheck.truth.probe import Conventions
from bncheck.truth.traits import Traits


def expected(subject, case):
    """The reference's trace of the case: for each step a dict of balls."""
    return _run(case, (subject.conventions or Conventions()).at(case))


def expected_each(subject, cases):
    """What :func:`expected` says of each case; those that may stand side by side are computed in one go."""
    found = {}
    for case, members in pack(cases):
        found.update(zip(members, unpack(Trace(expected(subject, case)), members), strict=True))
    return [found[case].steps for case in cases]


@lru_cache(maxsize=64)
def _run(case, traits: Traits):
    return reference.run(case, traits)
