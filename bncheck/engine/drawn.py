"""What a search draws, without a subject: so that many subjects can be held to the same cases."""

from itertools import groupby

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed

from bncheck.subjects.packing import at_once

HELD = 500
QUIET = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}


def drawn(cases, seed=0, count=100, *, again=0):
    """The cases that a run of that seed draws from a strategy; ``again`` gives further ones of the same seed."""
    found = []

    @with_seed(seed + (again << 32))
    @settings(max_examples=count, phases=[Phase.generate], **QUIET)
    @given(cases(seed))
    def draw(case):
        found.append(case)

    draw()
    return found


def stream(cases, seed, count):
    """As :func:`drawn`, in lists of cases that are asked at once; and a long search does not hold them all."""
    for again, start in enumerate(range(0, count, HELD)):
        yield from at_once(drawn(cases, seed, min(HELD, count - start), again=again))


def by_strategy(laws):
    """The laws in groups that are judged on the same cases."""
    return [list(group) for _, group in groupby(sorted(laws, key=strategy), key=strategy)]


def strategy(law):
    """Equal for laws that are judged on the same cases."""
    return f"{law.differential}{law.cases.__name__}{law.cases.__module__}"


def count(law, max_examples):
    """The number of cases that are drawn for a law; of any, at least one."""
    return max(1, round(max_examples * law.share)) if max_examples else 0
