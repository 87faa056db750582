from pathlib import Path

import pytest

from bncheck import scenarios

FOLDER = Path(__file__).parents[3] / "docs" / "scenarios"
PAGES = [path.stem for path in sorted(FOLDER.glob("*.md")) if path.stem != "README"]
EACH = pytest.mark.parametrize("scenario", [scenarios.load(name) for name in PAGES], ids=PAGES)
CELLS = ("tf1.14", "keras3.15-tf", "torch2.13")


@EACH
def test_a_page_says_what_the_scenario_says(scenario):
    text = (FOLDER / f"{scenario.name}.md").read_text(encoding="utf-8")
    for part in (scenario.title, scenario.setting, scenario.why, scenario.origin):
        assert part in text
    for claim in scenario.claims:
        assert f"**{claim.text[:1].upper()}{claim.text[1:]}.**" in text
    assert text.count("\n- tf1.14: **") == len(scenario.claims)
    assert all(f"{cell} (" in text for cell in CELLS)


@EACH
def test_a_page_has_its_picture_and_the_index_has_the_page(scenario):
    assert f"({scenario.name}.png)" in (FOLDER / f"{scenario.name}.md").read_text(encoding="utf-8")
    assert (FOLDER / f"{scenario.name}.png").read_bytes().startswith(b"\x89PNG")
    assert f"[{scenario.name}]({scenario.name}.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_index_has_every_scenario():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in text or f"| [{name}](" in text for name in scenarios.load_all())
