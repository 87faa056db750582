from made_records import LAW, cell, failing, finding, made, result

from bncheck.reports.groups import fingerprint, groups

ACCEPTED = {"reason": "open upstream"}


def found(*cells):
    return [(group.law, group.cells, group.found["mechanism"]) for group in groups(made(*cells))]


def test_cells_with_the_same_finding_share_it():
    cells = [cell(name, failing()) for name in "ab"] + [cell("c", failing(actual=3.0)), cell("d", result())]
    assert [names for _, names, _ in found(*cells)] == [["a", "b"], ["c"]]


def test_a_script_or_arrays_make_no_other_finding_and_acceptance_does():
    known = failing(accepted=ACCEPTED)
    cells = [cell("a", failing(script="x")), cell("b", failing(script="y")), cell("c", known)]
    assert [(group.cells, group.accepted) for group in groups(made(*cells))] == [(["a", "b"], None), (["c"], ACCEPTED)]


def test_they_come_in_the_order_of_the_laws_and_of_the_mechanisms_found():
    both = failing(finding(mechanism="unexplained"))
    assert found(cell("a", both, failing(law="channels_permute"))) == [
        ("channels_permute", ["a"], "initial_weights: by_position"),
        (LAW, ["a"], "initial_weights: by_position"),
        (LAW, ["a"], "unexplained"),
    ]


def test_a_fingerprint_stands_for_a_law_and_a_mechanism():
    known = fingerprint("rows_permute", "unexplained")
    assert known == "97e869757968551b"  # another one would be a new alert for every finding that is known
    assert known != fingerprint("rows_permuteunexplained", "")
    assert len(fingerprint("\ud800", "")) == 16
