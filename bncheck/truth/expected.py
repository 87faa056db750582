"""What a subject should return for a case, given the conventions that were measured on it."""

from functools import lru_cache

from bncheck.cases.case import AT_ONCE
from bncheck.cases.trace import Trace
from bncheck.subjects.packing import unpack
from bncheck.truth import reference
from bncheck.truth.probe import Conventions
from bncheck.truth.traits import Traits


def expected(subject, case):
    """The reference's trace of the case: for each step a dict of balls.

    What was asked together and may stand side by side is computed so, in one go.
    """
    traits = (subject.conventions or Conventions()).at(case)
    group = subject.beside.get(case.digest)
    return _packed(*group, traits)[case.digest] if group else _run(case, traits)


@lru_cache(maxsize=8 * AT_ONCE)
def _packed(whole, members, traits):
    found = unpack(Trace(_run(whole, traits)), members)
    return {case.digest: trace.steps for case, trace in zip(members, found, strict=True)}


@lru_cache(maxsize=8 * AT_ONCE)
def _run(case, traits: Traits):
    return reference.run(case, traits)
