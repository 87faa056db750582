"""The site of the documentation, as far as it can be told without building it: `nox -s docs` does that."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from bncheck.commands import main
from bncheck.invariants import load_all
from bncheck.truth.reference_subject import CAPABILITIES
from bncheck.truth.traits import LEGAL, values_of

ROOT = Path(__file__).parents[2]
HOOK = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "site_hook.py")))
NAV = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
ENTRIES = re.findall(r"- (?:[^:\n]+: )?(\S+(?:\.md|/))$", NAV, re.MULTILINE)
WRITTEN = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", [*WRITTEN, *HOOK.generated()])
def test_a_page_is_in_the_nav(page):
    assert any(page == entry or (entry.endswith("/") and page.startswith(entry)) for entry in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_of_the_nav_is_a_page(entry):
    assert HOOK.opened([entry], [*WRITTEN, *HOOK.generated()])
    assert entry.endswith("/") or entry in {*WRITTEN, *HOOK.generated(), "index.md"}


@pytest.mark.parametrize(("folder", "names"), [("laws/", load_all()), ("traits/", LEGAL)], ids=["laws", "traits"])
def test_there_is_a_page_for_each_and_no_other(folder, names):
    pages = [page for page in HOOK.generated() if page.startswith(folder)]
    assert sorted(pages) == sorted([f"{folder}index.md", *(f"{folder}{name}.md" for name in names)])


def test_an_entry_that_ends_in_a_slash_is_the_pages_of_its_folder():
    nav = [{"Laws": ["laws/", "more.md"]}, {"More": "more.md"}]
    assert HOOK.opened(nav, ["laws/index.md", "laws/a_b.md", "traits/c.md"]) == [
        {"Laws": ["laws/index.md", {"a_<wbr>b": "laws/a_b.md"}, "more.md"]},
        {"More": "more.md"},
    ]


def test_a_law_has_what_explain_shows():
    law, page = load_all()["inference_is_rowwise"], HOOK.law_page("inference_is_rowwise")
    assert page.startswith("# inference_<wbr>is_<wbr>rowwise\n\nIn inference a row's output does not depend on")
    assert law.why in page
    assert f"<{law.origin.link}>" in page
    assert "[inference_statistics: batch](../traits/inference_statistics.md#batch)" in page
    assert "✗ inference_is_rowwise on the reference with this fault" in page


def test_an_axis_has_all_its_values_with_the_laws_that_see_them():
    page = HOOK.axis_page("epsilon")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## {value} {{ #{value} }}" for value in values_of("epsilon")
    ]
    assert "[inference_output_matches_reference](../laws/inference_output_matches_reference.md)" in page
    assert "by the paper" in page


def test_every_command_says_its_usage():
    page, context = HOOK.commands_page(), click.Context(main)
    for name in main.list_commands(context):
        assert f"Usage: bncheck {name} " in page


def test_every_field_of_a_record_is_named():
    page = HOOK.schema_page()
    assert "| `traits` | object | The measured conventions" in page
    assert "| `results` | list of [result](#result) |" in page
    assert "| `error` | string | Why the cell could not be examined, in one line. It may be missing. |" in page


@pytest.mark.parametrize(
    ("page", "link", "led"),
    [
        ("docs/gate.md", "ci.md", "ci.md"),
        ("README.md", "docs/gate.md", "gate.md"),
        ("docs/gate.md", "../README.md", "index.md"),
        ("docs/gate.md", "../bncheck/truth/bounds.py", "source/bncheck/truth/bounds.py.md"),
        ("docs/scenarios/README.md", "../../bncheck/scenarios", "../source/bncheck/scenarios/__init__.py.md"),
        ("docs/gate.md", "../benchmarks/README.md", "source/benchmarks/README.md"),
        ("docs/gate.md", "../nowhere.md", "../nowhere.md"),
        ("docs/gate.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("docs/gate.md", "#the-ledger", "#the-ledger"),
    ],
)
def test_a_link_leads_to_where_its_file_stands_in_the_site(page, link, led):
    at = "index.md" if page == "README.md" else page.removeprefix("docs/")
    text, _ = HOOK.led(f"[a]({link}#b)" if "#" not in link else f"[a]({link})", ROOT / page, at)
    assert text == (f"[a]({led}#b)" if "#" not in link else f"[a]({led})")


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{page}" for page in WRITTEN)])
def test_a_link_of_a_written_page_leads_to_a_file(page):
    for link in HOOK.LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_capability_is_told_to_who_writes_an_adapter(capability):
    text = (ROOT / "docs" / "write_an_adapter.md").read_text(encoding="utf-8")
    assert f"`{capability}`" in text or f'"{capability}"' in text
