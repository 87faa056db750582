import json

import pytest

from bncheck import invariants
from bncheck.engine import replay
from bncheck.errors import UsageError
from bncheck.invariants import load_all
from bncheck.records import record


def law(name):
    return load_all()[name]


@pytest.fixture
def case_file(tmp_path):
    def write(value):
        path = tmp_path / "case.json"
        path.write_text(json.dumps(value))
        return path

    return write


def seeded():
    return law("linear_activation_keeps_initial_weights").examples[0]


def a_record(**cases):
    """A record in which each cell has a finding of one law, on a case."""
    finding = {"what": "x", "where": None, "actual": 1, "expected": 2, "allowed": 0, "mechanism": "unexplained"}
    about = {"python": "", "packages": {}, "traits": {}}
    cells = []
    for name, case in cases.items():
        result = {"invariant": "linear_activation_keeps_initial_weights", "verdict": "fail", "cases": 1, "margin": 0}
        result |= {"seconds": 0, "reason": "", "finding": {**finding, "case": case.to_json()}}
        cells.append({"cell": name, "subject": name, **about, "results": [result]})
    return record.new(cells, seed=0, max_examples=1)


def test_a_case_file_is_for_every_law_that_it_fits(case_file):
    given = replay.read(case_file(seeded().to_json()), list(load_all().values()))
    assert list(given.cases) == ["linear_activation_keeps_initial_weights", "zero_dropout_keeps_initial_weights"]
    for law in given.laws(list(load_all().values()), "tf1.14"):
        assert law.examples == ()
        assert replay.fits(law, seeded())


def test_a_records_case_is_that_of_the_cell_and_else_the_first(case_file):
    other = seeded().but(seed=5)
    given = replay.read(case_file(a_record(one=seeded(), two=other)), invariants.select(["linear*"]))
    laws = invariants.select(["linear*"])
    names = [given.laws(laws, cell)[0].cases.__name__ for cell in ("one", "two", "three")]
    assert names == [f"case_{case.digest}" for case in (seeded(), other, seeded())]


def test_a_case_that_fits_no_selected_law_is_told(case_file):
    with pytest.raises(UsageError, match="has no case of rows_permute"):
        replay.read(case_file(seeded().to_json()), invariants.select(["rows_permute"]))


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        3,
        {"network": 3},
        {"network": [], "steps": [], "seed": 0},
        {"network": [{"layer": "BatchNorm"}], "steps": [{"step": "Forward", "x": "a", "training": 1}], "seed": 0},
        {"schema": 1, "cells": [{}]},
    ],
)
def test_what_is_no_case_is_told_in_one_line(case_file, value):
    with pytest.raises(UsageError) as caught:
        replay.read(case_file(value), list(load_all().values()))
    assert "\n" not in str(caught.value)


def test_every_example_of_a_law_fits_it():
    for each in load_all().values():
        assert all(replay.fits(each, case) for case in each.examples), each.name


def test_laws_with_different_cases_share_nothing():
    other = seeded().but(seed=5)
    one, two = (replay.only(law("linear_activation_keeps_initial_weights"), [case]) for case in (seeded(), other))
    assert one.cases.__name__ != two.cases.__name__


def test_a_law_with_two_findings_is_judged_on_both(case_file):
    found = a_record(one=seeded())
    (result,) = found["cells"][0]["results"]
    result["further"] = [{**result["finding"], "case": seeded().but(seed=5).to_json()}]
    laws = invariants.select(["linear_activation_keeps_initial_weights"])
    (one,) = replay.read(case_file(found), laws).laws(laws, "one")
    assert one.cases.__name__ == f"case_{seeded().digest}"
    assert [case.seed for case in one.examples] == [5]
