import pytest
from made_records import SCENARIO, made
from test_html import Page

from bncheck.invariants import load_all
from bncheck.records import record
from bncheck.reports import curve_panels
from bncheck.reports.formats import html


def page_of(scenario=SCENARIO):
    found = record.with_scenario(made(), scenario)
    page = Page(html.render(record.checked(found, "the record of this test"), load_all()))
    assert page.open == []
    return page


def test_a_scenario_is_shown_with_what_was_published_its_claims_and_why():
    ((_, _, text),) = page_of().all("details", class_="scenario")
    words = " ".join(text.split())
    for part in (
        "made_up Does it help?",
        "A network | and data.",
        "Medians, and ranges over 3 seeds.",
        "tf1.14, first: not offered: NHWC only",
        "it helps ✗ does not hold on tf1.14 2.000 against 52.80",
        "From the same weights and batches: tf1.14 and torch2.13",
        "no float64",
        "Why Because.",
    ):
        assert part in words
    cells = page_of().texts("td")
    assert cells[:6] == ["mse", "", "2.000 (1.000 … 3.000)", "mse", "48.2", "52.80"]
    assert cells[-5:] == ["epsilon 1e-5", "weights", "1e-06, 1e-15", "5e-05, 1e-09", "at step 1: epsilon 1e-5"]
    assert page_of().texts("p", class_="line") == ["1 scenario"]
    assert "No laws were run." in page_of().texts("p")


def test_its_curves_are_lines_and_bands_with_a_legend():
    page = page_of()
    assert len(page.all("polyline")) == len(page.all("polygon")) == len(page.all("svg", class_="sample")) == 2
    assert page.texts("span", class_="series") == ["none", "all"]
    assert page.texts("text")[:3] == ["1", "7.75", "60"]


def test_a_record_without_scenarios_has_no_section_of_them():
    assert "Scenarios" not in Page(html.render(made(), load_all())).texts("h2")


def test_numbers_that_do_not_fit_one_another_are_told():
    (together, _) = SCENARIO["trajectories"]
    words = " ".join(page_of(SCENARIO | {"trajectories": [together | {"steps": []}]}).texts("p"))
    assert "It cannot be shown: list index out of range" in words


def one(runs, log=False):
    """The panel of a curve with these values, a list a seed."""
    curve = {"name": "loss", "label": "loss", "log": log}
    subjects = [{"name": "a", "curves": {"all": {"loss": runs}}}]
    found = {"curves": [curve], "subjects": subjects, "variants": {"none": "", "all": ""}}
    return list(curve_panels.panels(found))


def points(text):
    return [tuple(map(float, point.split(","))) for point in text.split()]


def test_the_line_is_the_median_and_the_band_the_range():
    (panel,) = one([[3.0, 1.0], [5.0, 2.0], [4.0, 1.0]])
    (line,) = panel.lines
    low, _, high = ((y, text) for text, y in panel.ticks)
    assert (low[1], high[1], panel.epochs, line.style) == ("1", "5", 2, 1)
    scale = (low[0] - high[0]) / 4
    left, right = curve_panels.LEFT, curve_panels.WIDTH - curve_panels.RIGHT
    assert points(line.median) == [(left, high[0] + scale), (right, low[0])]
    assert points(line.band) == [(left, high[0]), (right, low[0] - scale), (right, low[0]), (left, high[0] + 2 * scale)]


def test_a_logarithmic_axis_has_the_same_room_for_each_decade():
    (panel,) = one([[100.0, 10.0, 1.0]], log=True)
    heights = [y for _, y in points(panel.lines[0].median)]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)
    assert [text for text, _ in panel.ticks] == ["1", "10", "100"]


def test_what_is_no_number_is_left_out_and_what_has_no_logarithm_is_at_the_edge():
    for log, last in ((False, 1.0), (True, 0.0)):
        (panel,) = one([["nan", 2.0, 1.0, "inf", last]], log)
        assert len(points(panel.lines[0].median)) == 3
        assert points(panel.lines[0].median)[-1][1] == curve_panels.HEIGHT - curve_panels.BOTTOM
        assert one([["nan"]], log) == []


def test_a_curve_that_stands_still_is_in_the_middle():
    (panel,) = one([[2.0, 2.0]])
    assert len(panel.ticks) == 1
    assert len({y for _, y in points(panel.lines[0].median)}) == 1
