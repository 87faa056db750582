import pytest

from bncheck import invariants
from bncheck.engine.examine import Budget
from bncheck.engine.power import power
from bncheck.truth import mutants

LAWS = invariants.select(["moving_variance_matches_reference", "rows_permute", "weights_port_in_inference"])
CHOSEN = [
    mutants.load_all()[name] for name in ("epsilon: outside", "rows: all_but_last", "moves_late", "gradient_reversed")
]


@pytest.fixture(scope="module")
def found():
    told = []
    sized = [mutants.load_sized()["moving_variance"], mutants.load_sized()["gradient"]]
    answer = power(CHOSEN, sized, LAWS, Budget(6, seed=1), 2, tell=lambda *each: told.append(each))
    return {**answer, "told": told}


def test_a_mutant_has_the_laws_that_see_it_with_the_mechanism(found):
    laws = {mutant["name"]: mutant["laws"] for mutant in found["mutants"]}
    assert laws["epsilon: outside"] == {"weights_port_in_inference": "unexplained"}
    assert laws["rows: all_but_last"]["rows_permute"] == "rows: all_but_last"
    assert laws["moves_late"]["moving_variance_matches_reference"] == "unexplained"
    assert laws["gradient_reversed"] == {}


def test_every_seed_says_which_law_saw_it_first(found):
    seeds = {mutant["name"]: mutant["seeds"] for mutant in found["mutants"]}
    assert found["seeds"] == [1, 2]
    assert set(seeds["moves_late"]) == {"1", "2"}
    assert None not in seeds["moves_late"].values()
    assert seeds["gradient_reversed"] == {"1": None, "2": None}


def test_the_smallest_size_is_of_the_dtypes_precision(found):
    variance, gradient = found["sizes"]
    assert 1e-8 < variance["float32"] < 1e-5
    assert 1e-17 < variance["float64"] < 1e-13
    assert variance["laws"]["float32"] == ["moving_variance_matches_reference"]
    assert (gradient["float32"], gradient["float64"]) == (None, None)


def test_progress_ends_at_its_total(found):
    last = {what: (done, total) for what, done, total in found["told"]}
    assert {"mechanisms", "sizes"} < set(last)
    assert all(done == total for done, total in last.values())


def test_without_mutants_nothing_is_swept():
    assert power([], [], LAWS, Budget(6), 1)["mutants"] == []
