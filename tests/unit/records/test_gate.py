import pytest
from made_records import LAW, cell, failing, finding, made, result

from bncheck.errors import UsageError
from bncheck.records.gate import Change, compare

OTHER = "rows_permute"
FLOOR, SEEDS = "epsilon: floor", "initial_weights: by_position"
ACCEPTED = {"reason": "open upstream", "link": "https://example.org/1"}


def changes(old, new, seed=0):
    [comparison] = compare(made(old), {**made(new), "seed": seed})
    return list(comparison.changes)


def test_two_equal_records_move_nothing_and_say_what_was_seen():
    found = cell("a", failing(), result(OTHER), traits={"epsilon": "inside"}, offers=["masks", "float32"])
    [comparison] = compare(made(found), made(found))
    assert (comparison.changes, comparison.counting) == ((), [])
    assert comparison.seen == {"laws": 2, "conventions": 1, "numbers": 0, "coverage": 2}


def test_one_cause_that_breaks_two_laws_is_one_change():
    old = cell("a", result(), result(OTHER))
    new = cell("b", failing(mechanism=FLOOR), failing(law=OTHER, mechanism=FLOOR))
    assert changes(old, new) == [Change("laws", "broken", FLOOR, where=(LAW, OTHER))]
    assert changes(new, old) == [Change("laws", "kept", FLOOR, where=(LAW, OTHER))]


def test_what_has_no_name_is_a_change_for_each_law():
    old, unexplained = cell("a", result(), result(OTHER)), {"mechanism": "unexplained"}
    new = cell("a", failing(**unexplained), failing(law=OTHER, **unexplained))
    assert [change.where for change in changes(old, new)] == [(LAW,), (OTHER,)]


def test_a_second_cause_in_a_broken_law_is_a_change():
    old, new = cell("a", failing()), cell("a", failing(finding(mechanism=FLOOR)))
    assert changes(old, new) == [Change("laws", "broken", FLOOR, where=(LAW,))]


def test_a_cause_that_the_cell_has_already_is_no_change_in_a_law_that_was_broken():
    old = cell("a", failing(), failing(law=OTHER, mechanism=FLOOR))
    new = cell("a", failing(mechanism=f"{FLOOR}; {SEEDS}"), failing(law=OTHER, mechanism=FLOOR))
    assert changes(old, new) == changes(new, old) == []
    assert changes(cell("a", result(), failing(law=OTHER, mechanism=FLOOR)), new) == [
        Change("laws", "broken", SEEDS, where=(LAW,))
    ]
    new = cell("a", failing(mechanism=FLOOR), failing(law=OTHER, mechanism=FLOOR))
    assert changes(cell("a", result(), failing(law=OTHER, mechanism=FLOOR)), new) == [
        Change("laws", "broken", FLOOR, where=(LAW,))
    ]


def test_in_which_laws_two_seeds_see_a_cause_is_no_change():
    """Of one seed it is: the same cases were drawn."""
    old = cell("a", failing(mechanism=FLOOR), result(OTHER))
    new = cell("a", result(), failing(law=OTHER, mechanism=FLOOR))
    assert changes(old, new, seed=1) == []
    assert changes(old, new) == [
        Change("laws", "broken", FLOOR, where=(OTHER,)),
        Change("laws", "kept", FLOOR, where=(LAW,)),
    ]


@pytest.mark.parametrize("mechanism", [SEEDS, "unexplained"])
def test_what_only_one_of_two_seeds_sees_is_a_change(mechanism):
    """What has no name is another thing in each law, whatever the other seed sees elsewhere."""
    old = cell("a", failing(mechanism=FLOOR), failing(law=OTHER, mechanism="unexplained"))
    new = cell("a", failing(finding(mechanism=mechanism), mechanism=FLOOR), failing(law=OTHER, mechanism="unexplained"))
    assert changes(old, new, seed=1) == [Change("laws", "broken", mechanism, where=(LAW,))]
    assert changes(new, old, seed=1) == [Change("laws", "kept", mechanism, where=(LAW,))]


def test_a_cause_that_one_of_two_seeds_sees_nowhere_is_one_change_for_all_its_laws():
    old = cell("a", failing(mechanism=FLOOR), result(OTHER))
    new = cell("a", result(), result(OTHER))
    assert changes(old, new, seed=1) == [Change("laws", "kept", FLOOR, where=(LAW,))]
    both = cell("a", failing(mechanism=SEEDS), failing(law=OTHER, mechanism=SEEDS))
    assert changes(old, both, seed=1) == [
        Change("laws", "broken", SEEDS, where=(LAW, OTHER)),
        Change("laws", "kept", FLOOR, where=(LAW,)),
    ]


def test_an_accepted_finding_is_shown_and_does_not_count():
    new = cell("a", failing(accepted=ACCEPTED))
    [comparison] = compare(made(cell("a", result())), made(new))
    assert [change.accepted for change in comparison.changes] == [ACCEPTED]
    assert comparison.counting == []


def test_a_cause_counts_where_one_of_its_findings_does():
    new = cell("a", failing(accepted=ACCEPTED), failing(law=OTHER))
    [comparison] = compare(made(cell("a", result(), result(OTHER))), made(new))
    assert len(comparison.counting) == 1


def test_a_convention_moves_by_setting():
    settings = ("rank 2, float32", "rank 4, float32")
    old = cell("a", traits={"running_variance": "biased"})
    new = cell("a", traits={"running_variance": dict(zip(settings, ("biased", "unbiased"), strict=True))})
    moved = Change("conventions", "moved", "running_variance", "biased", "unbiased", settings[1:], settings)
    assert changes(old, new) == [moved]
    assert changes(old, cell("a", traits={"running_variance": "unbiased"})) == [
        Change("conventions", "moved", "running_variance", "biased", "unbiased", (), ("",))
    ]


def test_a_convention_that_a_law_tells_is_told_once():
    old = cell("a", result(), traits={"epsilon": "inside"})
    new = cell("a", failing(mechanism=FLOOR), traits={"epsilon": "floor"})
    assert [change.layer for change in changes(old, new)] == ["laws"]


@pytest.mark.parametrize("verdict", ["inapplicable", "inconclusive"])
def test_a_law_that_is_not_judged_any_more_is_a_change(verdict):
    new = cell("a", result(verdict=verdict, reason="no masks"))
    assert changes(cell("a", failing()), new) == [Change("coverage", "shrank", LAW, new="no masks")]
    assert changes(new, cell("a", result())) == []


def test_a_capability_or_a_setting_that_is_gone_is_a_change():
    settings = ("rank 2, float32", "rank 5, float32")
    old = cell("a", traits={"epsilon": dict.fromkeys(settings, "inside")}, offers=["float32", "masks"])
    new = cell("a", traits={"epsilon": {settings[0]: "inside"}}, offers=["float32", "freeze"])
    assert changes(old, new) == [
        Change("coverage", "shrank", "masks", new="not offered"),
        Change("coverage", "shrank", "epsilon", "", "not offered", settings[1:], settings),
    ]
    assert changes(new, old) == [Change("coverage", "shrank", "freeze", new="not offered")]


def test_cells_are_compared_by_name_where_there_are_several():
    one, other = cell("a", result()), cell("b", result())
    found = compare(made(one, other), made(cell("b", failing()), cell("a", result())))
    assert [len(each.changes) for each in found] == [0, 1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ([cell("a"), cell("b")], [cell("a"), cell("c")], "of different cells: only one has b, c"),
        ([], [], "of different cells"),
        ([cell("a", result())], [cell("a", result(), result(OTHER))], f"of different laws: only one has {OTHER}"),
        ([cell("a", error="no wheel")], [cell("a")], "a could not be examined: no wheel"),
        (
            [cell("a", result(verdict="error", reason="died"))],
            [cell("a", result())],
            "not judged on a: died",
        ),
        ([cell("a", result(verdict="inconclusive", cases=0, reason="late"))], [cell("a", result())], "a: late"),
    ],
)
def test_what_cannot_be_compared_is_told(old, new, says):
    with pytest.raises(UsageError, match=says):
        compare(made(*old), made(*new))
