import io

import pytest
from rich.console import Console

from bncheck.cases.case import Case, Fit, SetState, State
from bncheck.cases.network import Activation, BatchNorm, Dense, Detached, Dropout, Linear
from bncheck.invariants import load_all
from bncheck.records import record
from bncheck.reports import terminal
from bncheck.reports.facts import network
from bncheck.reports.words import clean

LAW = "linear_activation_keeps_initial_weights"
NASTY = "\x1b[31m[red]boo[/red]\x07\x1b]0;title\x07\u202e\nnext"


def result(law=LAW, verdict="pass", reason="", finding=None):
    return {
        "invariant": law,
        "verdict": verdict,
        "cases": 31,
        "margin": 0.0,
        "seconds": 0.5,
        "reason": reason,
        "finding": finding,
    }


def finding(law=LAW, **changes):
    found = {
        "what": "the kernel of layer 0 at the start differs",
        "where": [0, 0],
        "actual": 0.10000000149011612,
        "expected": "nan",
        "allowed": 0.0,
        "mechanism": "initial_weights: by_position",
        "case": load_all()[law].examples[0].to_json(),
    }
    return found | changes


def cell(name, *results, **more):
    about = {"cell": name, "subject": f"{name}==1", "python": "3.9.1", "packages": {}, "traits": {}}
    return {**about, "results": list(results), **more}


def shown(*cells, width=100, replays=None, colour=False, **more):
    found = record.new(cells, seed=0, max_examples=100, **more)
    console = Console(file=io.StringIO(), width=width, force_terminal=colour)
    for part in terminal.report(found, load_all(), width=width, replays=replays, seconds=1.234):
        console.print(part, crop=False)
    return console.file.getvalue()


def failing(**changes):
    return result(verdict="fail", finding=finding(**changes))


def test_the_table_has_a_row_a_law_and_a_column_a_cell():
    text = shown(cell("tf1.14", failing()), cell("tf2.0", result()))
    head, row, *_ = text.splitlines()
    assert head.split() == ["law", "tf1.14", "tf2.0"]
    assert row.split() == [LAW, "✗", "✓"]
    assert "✓ holds   ✗ is broken" in text


def test_every_verdict_has_its_mark_and_its_reason():
    text = shown(
        cell("a", result("rows_permute", "inapplicable", "the subject does not offer training")),
        cell("b", result("rows_permute", "inconclusive", "the time is over")),
        cell("c", result("rows_permute", "error", "the worker died", finding("rows_permute"))),
        cell("d", error="d could not be built: no such package"),
    )
    assert text.splitlines()[1].split() == ["rows_permute", "–", "?", "!", "!"]
    assert "–  rows_permute on a: the subject does not offer training" in text
    assert "?  rows_permute on b: the time is over" in text
    assert "!  d: d could not be built: no such package" in text
    assert "3 verdicts: 0 hold, 1 not applicable, 1 not decided, 1 in error, 1 cell not examined" in text


def test_a_finding_says_all_that_is_needed():
    text = " ".join(
        shown(cell("tf1.14", failing()), replays={("tf1.14", LAW, 0): "bncheck run tf1.14 --case x"}).split()
    )
    law = load_all()[LAW]
    for part in (
        f"✗ {LAW} on tf1.14 {law.title}",
        "the kernel of layer 0 at the start differs at [0, 0]",
        "expected nan",
        "allowed 0.0",
        "initial_weights: by_position (initial weights depend on",
        "network Dense(1) → Linear() → Dense(1)",
        "input float32 of shape (2, 1) seed 1 steps 0 State",
        f"why {law.why}",
        f"origin {law.origin.link}",
        "see it again bncheck run tf1.14 --case x",
    ):
        assert part in text


def test_a_float32_has_the_digits_that_it_needs_and_no_more():
    lines = [line.split() for line in shown(cell("a", failing())).splitlines()]
    assert ["actual", "0.1"] in lines
    assert "0.30000000000000004" in shown(cell("a", failing(actual=0.30000000000000004)))


def test_cells_with_the_same_finding_share_it():
    text = shown(cell("tf1.14", failing()), cell("tf1.15", failing()), cell("tf2.0", failing(actual=3.0)))
    assert text.count("mechanism") == 2
    assert f"✗ {LAW} on tf1.14, tf1.15" in text


def test_findings_of_two_mechanisms_are_both_shown_with_their_commands():
    both = failing() | {"further": [finding(mechanism="unexplained", actual=7.5)]}
    text = shown(cell("a", both), replays={("a", LAW, 0): "first command", ("a", LAW, 1): "second command"})
    assert text.index("first command") < text.index("7.5") < text.index("second command")


def test_the_command_is_on_a_line_of_its_own_whatever_the_width():
    command = "bncheck run tf1.14 --case " + "long/" * 60
    lines = shown(cell("tf1.14", failing()), width=80, replays={("tf1.14", LAW, 0): command}).splitlines()
    assert f"  {command}" in lines


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_twenty_one_cells_fit_the_width(width):
    names = [f"keras3.{i}-torch" for i in range(21)]
    text = shown(*(cell(name, result(), result("rows_permute", "fail")) for name in names), width=width)
    assert max(map(len, text.splitlines())) <= width
    rows = [line for line in text.splitlines() if line.startswith(LAW)]
    assert sum(row.count("✓") for row in rows) == 21
    assert all(f"{i}   {name}" in text or f"{i}  {name}" in text for i, name in enumerate(names, 1))


def test_pairs_have_a_table_of_their_own():
    pair = cell("a ~ b", result("weights_port_in_inference"), names=["a", "b"])
    broken = cell("a ~ c", names=["a", "c"], error="c could not be examined")
    text = shown(cell("a", result()), cell("b", result()), cell("c", error="no"), pair, broken)
    assert "weights_port" in text
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("a ~")] == ["✓", "!"]
    assert "could not be examined" not in text  # the cell's own error says it
    assert "1 cell not examined" in text


def test_conventions_tell_where_they_differ():
    settings = {
        f"rank {rank}, channels {side}, {dtype}": "unbiased" if rank in (4, 5) and side == "last" else "biased"
        for rank in (2, 3, 4, 5)
        for side in ("first", "last")
        for dtype in ("float32", "float64")
    }
    text = shown(
        cell("tf1.14", result(), traits={"running_variance": settings}),
        cell("torch2.13", result(), traits={"running_variance": "unbiased"}),
        cell("torch1.4", result(), traits={"running_variance": "unbiased"}),
    )
    assert "biased; unbiased at rank 4 or rank 5, channels last  tf1.14" in text
    mixed = {setting: "floor" if value == "unbiased" else "inside" for setting, value in settings.items()}
    assert "inside; ✗ floor at rank 4 or rank 5" in shown(cell("tf1.14", result(), traits={"epsilon": mixed}))
    assert "torch2.13, torch1.4" in text


def test_a_trait_that_is_the_one_legal_value_of_its_axis_goes_unsaid():
    traits = {"rows": "all", "epsilon": "floor", "batch_of_one": "accepted", "frozen_layer": "unexplained"}
    text = shown(cell("a", result(), traits=traits | {"evaluation": "not offered"}))
    assert "✗ floor" in text
    said = [
        line.split()[0] for line in text.partition("conventions")[2].splitlines() if line.strip() and line[0] == " "
    ]
    assert said == ["batch_of_one", "epsilon", "frozen_layer"]


def test_a_note_and_an_interruption_are_told():
    text = shown(cell("a", result()), notes=["name another"], interrupted=True)
    assert "name another" in text
    assert text.splitlines()[-1].startswith("interrupted: 1 verdict: 1 hold (31 cases, 1.2 s)")


def test_nothing_is_told_of_an_empty_record():
    assert shown() == "nothing ran\n"


def test_a_pipe_gets_no_escape_sequences_and_a_terminal_does():
    assert "\x1b" not in shown(cell("a", failing()))
    assert "\x1b[" in shown(cell("a", failing()), colour=True)


@pytest.mark.parametrize("colour", [False, True])
def test_text_from_a_record_cannot_steer_the_terminal(colour):
    hostile = cell(
        NASTY,
        result(NASTY, "fail", NASTY, finding(what=NASTY, where=[NASTY], actual=NASTY, mechanism=NASTY)),
        result("rows_permute", "inconclusive", NASTY),
        subject=NASTY,
        python=NASTY,
        traits={NASTY: {NASTY: NASTY, "other": NASTY}},
        error=NASTY,
        layer=NASTY,
    )
    text = shown(hostile, replays={(NASTY, NASTY, 0): NASTY}, colour=colour, notes=[NASTY])
    assert "[red]boo[/red]" in text
    for sequence in ("\x07", "\u202e", "\x1b[31m[", "\x1b]"):
        assert sequence not in text
    assert not any(line.startswith("next") for line in text.splitlines())


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"network": [], "steps": [], "seed": 0},
        {
            "network": [{"layer": "Dense", "units": 1}],
            "steps": [{"step": "Forward", "x": NASTY, "training": 1}],
            "seed": 0,
        },
        {"network": [{"layer": NASTY}], "steps": [], "seed": 0},
        {"network": [{"layer": "Linear"}], "steps": [{"step": "State"}], "seed": NASTY, "input": [3, NASTY]},
    ],
)
def test_a_case_that_is_none_is_no_traceback(case):
    text = shown(cell("a", failing(case=case)))
    assert "\x1b" not in text
    assert "mechanism" in text


def test_a_law_of_another_bncheck_is_shown_without_its_text():
    text = shown(cell("a", result("a_law_to_come", "fail", finding=finding())))
    assert "✗ a_law_to_come on a" in text
    assert "why" not in text


def test_a_long_array_says_its_size():
    case = load_all()["subjects_agree_in_training"].examples[0]
    text = " ".join(shown(cell("a", failing(case=case.to_json()))).split())
    assert "Fit x=float32 of shape (24, 3)" in text
    assert "optimizer={name: 'sgd', learning_rate: 0.02}" in text


def test_a_network_is_one_line_without_its_defaults():
    layers = (Dense(3, bias=False), BatchNorm(eps=1e-5, axis=1), Activation("relu"), Dropout(0.5), Detached(Dense(2)))
    said = "Dense(3, bias=False) → BatchNorm(eps=1e-05, axis=1) → Activation('relu') → Dropout(rate=0.5)"
    assert network(layers) == f"{said} → Detached(Dense(2))"
    assert network((Linear(),)) == "Linear()"


def test_clean_text_is_one_line_of_bounded_length():
    assert clean("a\nb\tc\x00d") == "a b c d"
    assert clean("x" * 5000, 10) == "x" * 9 + "…"
    assert clean("\x1b[1;31mred\x1b[0m") == "red"


def test_the_steps_of_the_language_are_all_shown():
    kinds = {type(step) for law in load_all().values() for case in law.examples for step in case.steps}
    assert {SetState, State, Fit} <= kinds
    for law in load_all().values():
        for case in law.examples:
            assert isinstance(case, Case)
            assert "cannot be shown" not in shown(cell("a", result(law.name, "fail", "", finding(case=case.to_json()))))
