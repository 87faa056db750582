import sys

import pytest
from made_records import SCENARIO as FOUND
from rich.console import Console

from bncheck.errors import UsageError
from bncheck.reports import curves, scenario


def shown():
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for part in scenario.report(FOUND):
        console.print(part)
    return " ".join(console.export_text().split())


def test_what_was_published_stands_beside_what_came_out():
    assert "all mse 48.2 52.80" in shown()
    assert "none mse 2.000 (1.000 … 3.000)" in shown()


def test_a_claim_has_a_verdict_and_its_figure():
    assert "it helps ✗ does not hold tf1.14 2.000 against 52.80" in shown()


def test_two_subjects_stay_together_or_part_at_a_step():
    assert "the same layer weights 1e-17, 1e-15 2e-17, 1e-09 not in 50 steps" in shown()
    assert "at step 1: epsilon 1e-5" in shown()
    assert "no float64" in shown()


def test_a_page_has_the_same():
    page = scenario.page(FOUND, "bncheck scenario made_up tf1.14", "made_up.png")
    lines = page.splitlines()
    assert lines[0] == "# made_up"
    assert "| all | mse | 48.2 | 52.80 |" in lines
    assert "![the curves of made_up](made_up.png)" in lines
    assert "tf1.14, first: not offered: NHWC only" in lines
    assert "- tf1.14: **does not hold**; 2.000 against 52.80" in lines
    assert "| the same layer | weights | 1e-17, 1e-15 | 2e-17, 1e-09 | not in 50 steps |" in lines
    assert "- **first**: channels first" in lines


def test_a_page_without_a_picture_has_none():
    assert "![" not in scenario.page(FOUND, "bncheck scenario made_up")


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_curves_are_a_picture_of_the_kind_that_the_ending_says(tmp_path, name, start):
    pytest.importorskip("matplotlib")
    curves.plot(FOUND, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_an_ending_that_is_no_picture_is_told(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(UsageError, match=r"--plot .*nosuch"):
        curves.plot(FOUND, tmp_path / "a.nosuch")


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"bncheck\[plots\]"):
        curves.figure_class()
