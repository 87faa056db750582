"""The HTML report in a real browser: Chromium, which has to be installed, driven by Playwright.

`nox -s browser`; Playwright's own browsers are not needed.
"""

import copy
import json
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from bncheck.invariants import load_all
from bncheck.reports.formats import html

NAMES = ("chromium", "chromium-browser", "google-chrome")
SCRIPT = 'import torch\n\nprint("<b>" if 1 < 2 else "&amp;")\n'
# The copied text is looked at through the page, too, so it needs a right that a reader's page does not.
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="session")
def browser():
    place = next(filter(None, map(shutil.which, NAMES)), None)
    if place is None:
        pytest.fail(f"these tests need a browser, and there is none of {', '.join(NAMES)}: apt install chromium")
    with sync_playwright() as playwright:
        # The sandbox refuses to start for root, which a CI container's user often is.
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the report of a record, and fails where the page asks for anything else or its script complains."""
    complaints, contexts = [], []

    def page_of(record, place="", **options):
        (tmp_path / "report.html").write_text(html.render(record, load_all()), encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        asked = []
        page.goto(f"{(tmp_path / 'report.html').as_uri()}{place}")
        assert [url for url in asked if not url.startswith(("file://", "data:,"))] == []
        return page

    yield page_of
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def record(run_record):
    """The record of a run, with a script and an accepted finding."""
    found = copy.deepcopy(run_record)
    some = [each["finding"] for cell in found["cells"] for each in cell["results"] if each["finding"]]
    some[0]["script"] = SCRIPT
    some[1]["accepted"] = {"reason": "open upstream", "link": "https://example.org/1"}
    return found


def visible(page, selector):
    return page.locator(f"{selector}:visible")


def test_search_leaves_the_laws_and_findings_that_fit(opened, record):
    page = opened(record)
    total = visible(page, "details.finding").count()
    assert total > 2
    page.fill("#search", "INFERENCE_OUTPUT")
    expect(visible(page, "tr.row")).to_have_count(1)
    left = visible(page, "details.finding").count()
    assert 0 < left < total
    expect(page.locator("#shown")).to_have_text(f"{left} of {total} findings")
    page.fill("#search", "no such thing")
    expect(page.locator("#none")).to_be_visible()
    page.locator("#search").press("Escape")
    expect(visible(page, "details.finding")).to_have_count(total)


def test_a_mechanism_that_is_searched_leaves_the_rows_with_its_findings(opened, record):
    page = opened(record)
    page.fill("#search", "epsilon: outside")
    rows = visible(page, "tr.row")
    assert 0 < rows.count() < page.locator("tr.row").count()
    assert rows.locator("a.mark").count() >= rows.count()


def test_the_verdict_and_the_cell_filter(opened, record):
    page = opened(record)
    page.select_option("#verdict", "accepted")
    expect(visible(page, "details.finding")).to_have_count(1)
    page.select_option("#verdict", "fail")
    page.select_option("#cell", label="right")
    expect(visible(page, "th[scope=col][data-cells]")).to_have_count(1)
    for finding in visible(page, "details.finding").all():
        assert "right ~" in finding.inner_text()
    page.select_option("#verdict", "")
    expect(visible(page, "tr.row").filter(has_text="right ~ wrong")).to_have_count(1)
    expect(visible(page, "tr.row").filter(has_text="wrong ~ other")).to_have_count(0)


def test_a_mark_opens_its_finding_and_the_keyboard_does_too(opened, record):
    page = opened(record)
    mark = page.locator("a.mark.fail").first
    mark.click()
    finding = page.locator(mark.get_attribute("href"))
    expect(finding).to_have_attribute("open", "")
    expect(finding.locator("> summary")).to_be_focused()
    expect(finding.locator("> summary")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(finding).not_to_have_attribute("open", "")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("/")
    expect(page.locator("#search")).to_have_value("/")


def test_every_control_is_reached_by_tab(opened, record):
    page = opened(record)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className || 'other'"))
    for wanted in ("skip", "search", "verdict", "cell", "scroll", "mark fail", "all"):
        assert wanted in reached


def test_a_link_to_a_finding_opens_it_though_a_filter_hides_it(opened, record):
    name = opened(record).locator("details.finding").last.get_attribute("id")
    page = opened(record, f"#{name}")
    expect(page.locator(f"#{name}")).to_have_attribute("open", "")
    page.fill("#search", "no such thing")
    page.evaluate("location.hash = ''")
    page.evaluate(f"location.hash = '#{name}'")
    expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.locator("#search")).to_have_value("")


def test_odd_places_in_the_address_are_no_error(opened, record):
    for place in ("#nothing", "#%E0%A4%A", "#<img>", "#search"):
        expect(opened(record, place).locator("h1")).to_be_visible()


def test_the_script_and_the_case_are_copied_to_the_letter(opened, record):
    page = opened(record, permissions=CLIPBOARD)
    page.locator("#all").click()
    page.locator("details.case > summary").first.click()
    block = page.locator(".block").filter(has_text="import torch")
    block.get_by_role("button").click()
    expect(block.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == SCRIPT
    page.locator("details.case[open]").get_by_role("button").first.click()
    expect(page.locator("details.case[open]").get_by_role("button").first).to_have_text("Copied")
    cases = [each["finding"]["case"] for cell in record["cells"] for each in cell["results"] if each["finding"]]
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) in cases


def test_all_are_opened_and_closed(opened, record):
    page = opened(record)
    total = page.locator("details.finding").count()
    page.locator("#all").click()
    expect(page.locator("details.finding[open]")).to_have_count(total)
    expect(page.locator("#all")).to_have_text("Close all")
    page.locator("#all").click()
    expect(page.locator("details.finding[open]")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_window(opened, record, hostile_record, width, scheme):
    for shown in (record, hostile_record):
        page = opened(shown, viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.locator("#all").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is (scheme == "light")


CONTRAST = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("main *, header *, form *")].filter((element) =>
    element.checkVisibility() && !element.closest("svg")
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.map((element) => {
    const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), `${element.tagName}.${element.className}`];
  }).sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(opened, record, scheme):
    """The contrast that WCAG 2.1 asks for at level AA."""
    page = opened(record, color_scheme=scheme)
    page.locator("#all").click()
    least, where = page.evaluate(CONTRAST)
    assert least >= 4.5, where


def test_text_from_a_record_runs_nothing(opened, hostile_record):
    page = opened(hostile_record)
    page.locator("#all").click()
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert "alert(1)" in page.inner_text("main")


def test_it_can_be_read_without_a_script(opened, record):
    page = opened(record, java_script_enabled=False)
    expect(page.locator("#filter")).to_be_hidden()
    finding = page.locator("details.finding").first
    finding.locator("> summary").click()
    expect(finding.locator("dl").first).to_be_visible()
    assert page.locator("button:visible").count() == 0
