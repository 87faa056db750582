import re

import pytest
from made_records import LAW, cell, failing, made, result

from bncheck.invariants import load_all
from bncheck.reports.formats import json as json_format
from bncheck.reports.formats import markdown

ACCEPTED = {"accepted": {"reason": "open upstream", "link": "https://example.org/1"}}


def shown(*cells, **more):
    return markdown.render(made(*cells, **more), load_all())


def test_the_head_says_what_came_out():
    assert shown(cell("a", result())).startswith("### ✓ bncheck\n\n`1 verdict: 1 hold (31 cases)`\n")
    assert shown(cell("a", failing())).startswith("### ✗ bncheck\n\n`1 verdict: 0 hold, 1 broken (31 cases)`\n")


def test_the_table_has_the_laws_and_cells_with_something_to_say():
    text = shown(
        cell("a", failing(), result("rows_permute"), result("shift_invariance", "inapplicable", reason="no")),
        cell("b", failing(**ACCEPTED), result("rows_permute", "inconclusive", reason="late")),
        cell("c", result(), result("rows_permute")),
    )
    assert [line for line in text.splitlines() if line.startswith("| ")] == [
        "| law | `a` | `b` |",
        "| --- | :-: | :-: |",
        f"| `{LAW}` | ✗ | ✗ (accepted) |",
        "| `rows_permute` | ✓ | ? |",
    ]
    assert "No law is broken on `c`." in text


def test_a_finding_can_be_unfolded():
    text = shown(cell("tf1.14", failing(script="import torch\nprint()")), cell("tf1.15", failing()))
    assert text.count("<details>") == text.count("</details>") == 1
    assert f"<summary>✗ <code>{LAW}</code> on <code>tf1.14</code>, <code>tf1.15</code></summary>\n\n" in text
    assert load_all()[LAW].title in text
    assert "\nactual     0.1\nexpected   nan\n" in text
    assert f"```text\nbncheck run tf1.14 --select {LAW} --seed 0 --max-examples 100\n```" in text
    assert "```python\nimport torch\nprint()\n```" in text


def test_what_has_no_verdict_is_told():
    text = shown(cell("a", result(verdict="inapplicable", reason="no rows")), cell("b", error="not built"), notes=["x"])
    assert f"- – `{LAW} on a: no rows`\n" in text
    assert "- ! `b: not built`\n" in text
    assert "`x`" in text


def test_a_report_fits_a_comment():
    many = [failing(law=f"law_{i}", what="w" * 1500) for i in range(60)]
    text = shown(cell("a", *many))
    assert len(text) < 65536
    left = int(re.search(r"^(\d+) further findings: the record has them", text, re.MULTILINE)[1])
    assert left == 60 - text.count("<details>")


def without_code(text):
    """What Markdown may take for markup: the text without its code, as CommonMark delimits it."""
    text = re.sub(r"^(`{3,})[^`\n]*\n.*?^\1\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)", "", text)


def test_text_from_a_record_is_code(hostile_record):
    text = without_code(markdown.render(hostile_record, load_all()))
    rest = re.sub(r"<code>[^<>]*</code>", "", text)
    for part in ("script>", "<img", "@everyone", "javascript:", "## head", "\u202e", "\x1b"):
        assert part not in rest
    assert set(re.findall(r"</?\w+>", rest)) == {"<details>", "</details>", "<summary>", "</summary>"}
    assert rest.count("<details>") == rest.count("</details>")


@pytest.mark.parametrize("text", ["a|b", "`", "``a`", "", " ", "a\nb", "\\`|"])
def test_code_ends_where_it_should(text):
    assert without_code(f"x {markdown.code(text)} y") == "x  y"
    assert "\n" not in markdown.code(text)


def test_a_bar_does_not_end_a_column():
    row = next(line for line in shown(cell("a|b", failing(law="c|d"))).splitlines() if "✗ |" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_json_is_the_record_in_one_order(run_record, tmp_path):
    from bncheck.records import record

    path = tmp_path / "report.json"
    path.write_text(json_format.render(run_record, {}))
    assert record.read(path) == run_record
    backwards = dict(reversed(run_record.items()))
    assert json_format.render(backwards, {}) == path.read_text()


def test_an_entry_of_the_ledger_that_is_mended_is_told():
    mended = {
        "law": LAW,
        "subject": "a",
        "versions": "<2",
        "mechanism": "epsilon: floor",
        "link": "l",
        "where": "x.toml",
    }
    text = shown(cell("a", result(), mended=[mended]))
    assert text.startswith("### ✗ bncheck\n")
    assert (
        f"- ✗ `the ledger's entry is fixed in 1: narrow the range of {LAW} by epsilon: floor on a<2 (x.toml)`" in text
    )


def test_what_is_accepted_alone_is_no_failure():
    text = shown(cell("a", failing(**ACCEPTED)))
    assert text.startswith("### ✓ bncheck\n\n`1 verdict: 0 hold, 1 broken and accepted (31 cases)`\n")
