from itertools import pairwise
from types import SimpleNamespace

import pytest

from bncheck.engine.bisect import Change
from bncheck.engine.extent import extents

NAMES = [f"torch==1.{n}.0" for n in range(6)]
FLOOR, SEEDS = "epsilon: floor", "initial_weights: by_position"


def found(answers, skipped=(), more=None, mode=""):
    """The extents of a law that is broken (x), holds (.) or was not asked ( ) on the releases."""
    words = {"x": "broken", ".": "holds"}
    asked = {name: words[answer] for name, answer in zip(NAMES, answers, strict=True) if answer in words}
    kept = list(asked)
    last = next(name for name, after in pairwise(kept) if asked[name] != asked[after])
    change = Change(last, kept[kept.index(last) + 1], asked, dict.fromkeys(skipped, "no wheel"))
    broken = {
        f"{name}+cpu{mode}": [SimpleNamespace(mechanism=(more or {}).get(name, FLOOR), case="the case")]
        for name, answer in asked.items()
        if answer == "broken"
    }
    return list(extents(change, NAMES, broken))


@pytest.mark.parametrize(
    ("answers", "versions"),
    [
        ("xxx...", ">=1.0.0,<1.3.0"),
        (" x x. ", ">=1.1.0,<1.4.0"),
        ("x x  .", ">=1.0.0,<=1.2.0"),  # two between them could not be asked
        ("...xxx", ">=1.3.0,<=1.5.0"),
        (".  xx ", ">=1.3.0,<=1.4.0"),
    ],
)
def test_the_range_is_as_far_as_was_asked(answers, versions):
    [each] = found(answers)
    assert (each.subject, each.mechanism, each.case, each.versions) == ("torch", FLOOR, "the case", versions)


def test_a_mode_is_of_the_subject():
    assert found("x.    ", mode=":compile")[0].subject == "torch:compile"


def test_each_mechanism_has_a_range_of_its_own():
    first, second = found("xxx...", more={NAMES[2]: f"{FLOOR}; {SEEDS}", NAMES[1]: f"{FLOOR}; {SEEDS}"})
    assert (first.mechanism, first.versions, first.reached) == (FLOOR, ">=1.0.0,<1.3.0", False)
    assert (second.mechanism, second.versions, second.reached) == (SEEDS, ">=1.1.0,<1.3.0", True)


@pytest.mark.parametrize(
    ("answers", "versions"),
    [("xxx...", "<1.3"), ("xxx...", "<=1.2.0"), ("xxx...", ">=0.4,<1.3"), ("...xxx", ">=1.3"), ("x.    ", "==1.0.*")],
)
def test_a_range_that_says_the_same_of_what_was_asked(answers, versions):
    assert found(answers)[0].agrees(versions)


@pytest.mark.parametrize(
    ("answers", "versions", "right"),
    [
        ("xxx...", "<2", "<1.3.0"),  # narrowed
        ("xxx...", ">=0.4,<2", ">=0.4,<1.3.0"),  # and what was not asked stays
        ("xxx...", ">=0.4,!=0.5,<=1.1.0", ">=0.4,<1.3.0,!=0.5"),  # widened
        ("xxx...", "==1.2.0", ">=1.0.0,<1.3.0"),
        ("xxx...", ">=1.1,<1.3", ">=1.0.0,<1.3.0"),
        ("...xxx", ">=1.0,<3", ">=1.3.0,<3"),
        ("...xxx", ">=1.0", ">=1.3.0"),
    ],
)
def test_a_range_is_put_right_where_something_was_asked(answers, versions, right):
    [each] = found(answers)
    assert not each.agrees(versions)
    assert each.put_right(versions) == right
    assert each.agrees(right)


def test_what_lacks_the_mechanism_is_not_in_the_range_however_far_the_old_one_reached():
    [each] = found("xxx...", more={NAMES[0]: SEEDS})
    assert each.put_right("<2") == ">=1.1.0,<1.3.0"
