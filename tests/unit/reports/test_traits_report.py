import io

from rich.console import Console

from bncheck.records import record
from bncheck.reports import traits

SETTINGS = {f"rank {rank}, channels last, float32": "unbiased" if rank == 4 else "biased" for rank in (2, 3, 4)}
NASTY = "\x1b[31m[red]boo[/red]\x07"


def cell(name, **more):
    about = {"cell": name, "subject": f"{name}==1", "python": "3.9.1", "packages": {}, "traits": {}, "results": []}
    return {**about, **more}


def shown(*cells, width=100, colour=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=colour)
    for part in traits.report(record.new(cells, seed=0, max_examples=0), width=width):
        console.print(part, crop=False)
    return console.file.getvalue()


def row(text, axis):
    return next(line.split()[1:] for line in text.splitlines() if line.startswith(axis))


def test_an_axis_is_a_row_and_a_subject_a_column():
    one, other = {"epsilon": "inside", "running_variance": "biased"}, {"epsilon": "floor", "running_variance": "biased"}
    text = shown(cell("a", traits=one), cell("b", traits=other))
    assert text.splitlines()[0].split() == ["axis", "a", "b"]
    assert row(text, "epsilon") == ["inside", "✗", "floor"]
    assert row(text, "running_variance") == ["biased", "biased"]
    assert text.index("running_variance") < text.index("epsilon")  # in the order of the axes
    assert "✗ a defect" in text


def test_what_differs_by_setting_is_told_below():
    text = shown(cell("a", traits={"running_variance": SETTINGS}))
    assert row(text, "running_variance") == ["biased"]
    assert "\n                  unbiased" in text
    assert "where values differ\n  running_variance  biased; unbiased at rank 4" in text


def test_unexplained_and_not_offered_have_marks():
    text = shown(cell("a", traits={"epsilon": "unexplained", "rows": "not offered"}), cell("b", traits={"rows": "all"}))
    assert row(text, "epsilon") == ["?", "unexplained"]
    assert row(text, "rows") == ["–", "all"]
    assert "? no known value explains it   – not offered" in text


def test_subjects_that_do_not_fit_get_a_table_of_their_own():
    many = [cell(f"subject{i}", traits={"frozen_layer": "keeps_state"}) for i in range(9)]
    text = shown(*many, width=60)
    assert text.count("axis  ") == 3
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("keeps_state") == 9


def test_what_could_not_be_measured_is_told():
    text = shown(cell("a", traits={"rows": "all"}), cell("b", error="b could not be built"))
    assert "b: b could not be built" in text
    assert "b==1" not in text


def test_a_record_of_another_bncheck_is_shown_and_cannot_steer_the_terminal():
    for colour in (False, True):
        text = shown(
            cell(NASTY, subject=NASTY, traits={NASTY: {NASTY: NASTY, "b": "c"}, "epsilon": NASTY}), colour=colour
        )
        assert "[red]boo[/red]" in text
        assert "\x07" not in text
        assert "\x1b[31m[" not in text
