import weakref

import numpy as np
import pytest

from bncheck.truth.memory import MOST, Memory


def test_what_was_computed_of_a_thing_is_not_computed_again():
    memory, thing, asked = Memory(), np.zeros(2), []
    for key in ("one", "one", "other"):
        assert memory.of(thing, key, lambda key=key: asked.append(key) or key.upper()) == key.upper()
    assert asked == ["one", "other"]


def test_equal_things_are_told_apart():
    memory = Memory()
    assert [memory.of(thing, "place", lambda i=i: i) for i, thing in enumerate([np.zeros(2), np.zeros(2)])] == [0, 1]


def test_the_things_of_long_ago_are_forgotten():
    memory, first = Memory(), np.zeros(2)
    memory.of(first, "", lambda: 0)
    things = [np.zeros(1) for _ in range(MOST)]
    for thing in things:
        memory.of(thing, "", lambda: 1)
    assert len(memory.kept) == MOST
    assert memory.of(first, "", lambda: 2) == 2
    assert memory.of(things[-1], "", lambda: 2) == 1


def test_what_raised_is_asked_again():
    memory, thing = Memory(), np.zeros(2)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            memory.of(thing, "", lambda: 1 / 0)


def test_what_was_computed_of_several_things_is_remembered_for_these_alone():
    memory, things, others = Memory(), (np.zeros(2), None, np.zeros(2)), (np.zeros(2), np.ones(1))
    assert [memory.of_all(things, "key", lambda i=i: i) for i in range(2)] == [0, 0]
    assert memory.of_all((things[0], None, others[0]), "key", lambda: 2) == 2
    assert memory.of_all((things[0], others[1], things[2]), "key", lambda: 3) == 3
    assert memory.of_all(things, "other", lambda: 4) == 4


def test_the_further_things_are_kept_so_that_no_other_takes_their_place_in_memory():
    memory, thing, other = Memory(), np.zeros(2), np.zeros(2)
    memory.of_all((thing, other), "key", lambda: 0)
    kept = weakref.ref(other)
    del other
    assert kept() is not None
