import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from made_records import LAW, arrays, cell, failing, finding, made, result

from bncheck.invariants import load_all
from bncheck.reports.formats import html

VOID = {"meta", "link", "input", "br", "wbr", "img"}
ACCEPTED = {"accepted": {"reason": "open upstream", "link": "https://example.org/1"}}
SMALL = arrays(np.array([1.0, 2.5]), np.array([1.0, 2.0]), np.array([0.1, 0.1]))


class Page(HTMLParser):
    """The elements of a page, each as its tag, its attributes and the text in it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag, **attributes):
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [each for each in self.elements if each[0] == tag and wanted.items() <= each[1].items()]

    def texts(self, tag, **attributes):
        return [" ".join(element[2].split()) for element in self.all(tag, **attributes)]


def shown(*cells, **more):
    page = Page(html.render(made(*cells, **more), load_all()))
    assert page.open == []
    return page


def findings(page):
    return [each for each in page.all("details") if "finding" in each[1].get("class", "")]


def test_a_run_is_shown_whole(run_record):
    page = Page(html.render(run_record, load_all()))
    assert page.open == []
    assert page.texts("h1") == ["bncheck"]
    assert page.texts("h2") == [
        "Laws by cells",
        "Laws between cells",
        "Findings",
        "Notes",
        "Cells and their conventions",
    ]
    laws = {each["invariant"] for entry in run_record["cells"] for each in entry["results"]}
    heads = page.texts("th", scope="row") + page.texts("th", scope="col")
    assert all(any(head.startswith(law) for head in heads) for law in laws)


def test_every_link_within_the_page_has_a_target(run_record):
    page = Page(html.render(run_record, load_all()))
    ids = [each[1]["id"] for each in page.elements if "id" in each[1]]
    assert len(ids) == len(set(ids))
    links = [each[1]["href"] for each in page.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    named = [each[1]["aria-labelledby"] for each in page.elements if "aria-labelledby" in each[1]]
    assert set(named) <= set(ids)


def assert_offline(page):
    for tag, attributes, _ in page.elements:
        assert tag not in ("iframe", "object", "embed", "base", "video", "audio", "image", "use")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
                assert tag == "a" or value == "data:,", (tag, name, value)


def test_the_page_needs_nothing_from_outside(run_record, hostile_record):
    for record in (run_record, hostile_record):
        text = html.render(record, load_all())
        assert_offline(Page(text))
        for own in (html._own("report.css"), html._own("report.js")):
            assert not re.search(r"https?://|url\(|@import|import\(|fetch|XMLHttp", own)


def test_the_policy_allows_the_pages_own_script_and_style_alone(hostile_record):
    page = Page(html.render(hostile_record, load_all()))
    ((_, policy, _),) = page.all("meta", http_equiv="Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        ((*_, text),) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy["content"]


# The elements that a harmless record makes.
KNOWN = (
    "html head title style body a header h1 h2 h3 p form label select option output main section span b "
    "div table thead tbody tr th td small details summary dl dt dd ol li code pre ul script button figure "
    "figcaption svg line polygon polyline text"
)


def test_text_from_a_record_is_text(hostile_record):
    """Neither markup, nor script, nor a link, nor a template; it makes no element that a harmless record has not."""
    text = html.render(hostile_record, load_all())
    page = Page(text)
    assert page.open == []
    pictures = len(page.all("svg")) - len(page.all("svg", class_="sample"))
    assert len(page.all("script")) == len(page.all("style")) == len(page.all("title")) - pictures == 1
    assert page.all("img") == []
    assert all(each[1]["href"].startswith(("#", "https://")) for each in page.all("a"))
    assert {each[0] for each in page.elements} <= {*VOID, *KNOWN.split()}
    for sequence in ("\x1b", "\u202e", "\x00", "\ud800"):
        assert sequence not in text
    assert "{{7*7}}" in text  # as it came, and not 49


def test_the_script_has_nothing_of_the_record(run_record, hostile_record):
    scripts = {Page(html.render(record, {})).all("script")[0][2] for record in (run_record, hostile_record)}
    assert scripts == {str(html._own("report.js"))}


def test_a_mark_leads_to_its_finding():
    page = shown(cell("a", failing()), cell("b", result()))
    ((_, attributes, _),) = findings(page)
    (mark,) = page.all("a", class_="mark fail")
    assert mark[1]["href"] == f"#{attributes['id']}"
    assert mark[1]["aria-label"] == f"{LAW} is broken on a: 31 cases"


def test_cells_with_the_same_finding_share_it_and_anchors_differ():
    page = shown(
        cell("a", failing(arrays=SMALL)),
        cell("b", failing()),
        cell("c", failing(actual=3.0)),
        cell("d", failing(finding(mechanism="unexplained"))),
    )
    ids = [attributes["id"] for _, attributes, _ in findings(page)]
    assert len(ids) == len(set(ids)) == 3
    assert [attributes["data-cells"] for _, attributes, _ in findings(page)] == ["0 1 3", "2", "3"]


def test_an_anchor_stays_the_same_from_run_to_run():
    one, other = (findings(shown(cell(name, failing(actual=number))))[0] for name, number in (("a", 1.0), ("b", 2.0)))
    assert one[1]["id"] == other[1]["id"]


def test_a_finding_has_its_numbers_its_plot_and_its_command():
    page = shown(cell("a", failing(where=[1], arrays=SMALL, script="import torch\nprint(1 < 2)")))
    text = " ".join(findings(page)[0][2].split())
    for part in (
        load_all()[LAW].title,
        "initial weights depend on how many layers stand before",
        "actual 0.1 expected nan allowed 0.0",
        "State",
        load_all()[LAW].why,
        f"bncheck run a --select {LAW} --case case.json",
        '{"network": [{"layer": "Dense", "units": 1',
        "import torch print(1 < 2)",
        "[1]2.52.00.15",
    ):
        assert part in text
    assert len(page.all("svg")) == 1
    assert page.texts("pre")[0] == "import torch print(1 < 2)"


def test_a_long_case_is_drawn_again():
    case = finding()["case"] | {"note": "x" * html.LONGEST_CASE}
    page = shown(cell("a", failing(case=case)))
    assert page.texts("pre") == [f"bncheck run a --select {LAW} --seed 0 --max-examples 100"]


def test_an_accepted_finding_is_marked_with_its_reason():
    page = shown(cell("a", failing(**ACCEPTED)))
    ((_, attributes, text),) = findings(page)
    assert (attributes["data-kind"], "open upstream" in text) == ("accepted", True)
    assert page.texts("a", href="https://example.org/1") == ["https://example.org/1"]
    assert page.texts("a", class_="mark accepted") == ["(✗)"]
    plain = shown(cell("a", failing(accepted={"reason": "known", "link": "javascript:alert(1)"})))
    assert not [each for each in plain.all("a") if "javascript" in each[1]["href"]]


def test_pairs_are_rows_and_belong_to_both_their_cells():
    pair = cell("a ~ b", result("weights_port_in_inference"), names=["a", "b"])
    page = shown(cell("a", result()), cell("b", result()), pair)
    assert "a ~ b" in page.texts("th", scope="row")
    marks = [each[1]["data-cells"] for each in page.all("td") if each[1].get("data-kind")]
    assert marks == ["0", "1", "0 1"]
    assert [each[1]["value"] for each in page.all("option")][-3:] == ["", "0", "1"]


def test_conventions_stand_side_by_side():
    traits = {"rank 2, float32": "biased", "rank 4, float32": "unbiased"}
    page = shown(
        cell("a", result(), traits={"running_variance": traits}),
        cell("b", result(), traits={"running_variance": "biased", "frozen_layer": "updates"}),
    )
    assert page.texts("th", scope="col")[-2:] == ["frozen_layer", "running_variance"]
    assert "biased; unbiased at rank 4" in page.texts("td")


@pytest.mark.parametrize("cells", [[], [cell("a", error="not built")], [cell("a")]])
def test_a_record_with_nothing_in_it_is_a_page(cells):
    assert "None." in shown(*cells).texts("p")


def test_a_cell_that_was_not_examined_is_marked_in_every_row():
    page = shown(cell("a", result(), result("rows_permute")), cell("b", error="not built"))
    marks = [each[1]["data-kind"] for each in page.all("td") if each[1].get("data-kind")]
    assert marks == ["pass", "error", "pass", "error"]
    assert "b: not built" in " ".join(page.texts("li"))
