"""What a strategy draws, with a seed, as a search draws it."""

from hypothesis import Phase, given, settings
from hypothesis import seed as with_seed

from bncheck.engine.examine import QUIET


def drawn(cases, seed=0, count=100):
    found = []

    @with_seed(seed)
    @settings(max_examples=count, phases=[Phase.generate], **QUIET)
    @given(cases(seed))
    def draw(case):
        found.append(case)

    draw()
    return found
