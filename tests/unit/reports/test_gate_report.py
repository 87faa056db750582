import io

from made_records import HOSTILE, LAW, cell, failing, hostile, made, result
from rich.console import Console

from bncheck.records.drift import Drift
from bncheck.records.gate import Change, compare
from bncheck.reports import gate

FLOOR = {"mechanism": "epsilon: floor"}


def shown(old, new):
    console = Console(file=io.StringIO(), width=300)
    for part in gate.terminal(compare(made(old), made(new))):
        console.print(part)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_a_change_is_a_line_for_a_changelog():
    settings = ["rank 2, last, float32", "rank 4, last, float32"]
    old = cell("a", result(), traits={"running_variance": "biased"}, offers=["masks"])
    moved = dict(zip(settings, ("biased", "unbiased"), strict=True))
    assert shown(old, cell("b", failing(**FLOOR), traits={"running_variance": moved})) == [
        "a (a==1) → b (b==1)",
        f"✗ laws new: an epsilon below 1.001e-5 is raised to 1.001e-5 (epsilon: floor); breaks {LAW}",
        "→ conventions the moving variance averages the variance over n - 1, no longer: the moving variance averages "
        "the variance over n (running_variance: biased → unbiased at rank 4)",
        "– coverage masks was covered, and is not: not offered",
        "3 changes: laws 1, conventions 1, coverage 1",
    ]


def test_nothing_moved_says_what_would_have_been_seen():
    old = cell("a", result(), traits={"epsilon": "inside"}, offers=["masks"])
    assert shown(old, old)[-1] == "nothing moved in 1 law, 1 convention, 1 capability"
    assert shown(cell("a"), cell("a"))[-1] == "nothing moved in nothing"


def test_a_drift_has_the_digits_that_tell_two_numbers_apart():
    drift = Drift(3.0, 0.1, 0.1 + 2.0**-40, 1e-16)
    said = gate.line(Change("numbers", "drifted", "moving mean in float64", drift=drift))
    numbers = "0.1 → 0.1000000000009, where 1e-16 is allowed"
    assert said == f"the moving mean in float64 drifts by up to 3 ulps: {numbers}"


def test_what_is_accepted_is_told_and_counted():
    new = cell("a", failing(accepted={"reason": "open upstream"}))
    *_, change, last = shown(cell("a", result()), new)
    assert change.endswith(f"breaks {LAW} (accepted: open upstream)")
    assert last == "nothing moved in 1 law; accepted: 1"


def test_what_has_no_name_is_told_so():
    assert (
        "new: what breaks it has no name (unexplained)"
        in shown(cell("a", result()), cell("a", failing(mechanism="unexplained")))[1]
    )


def test_text_of_a_record_is_text():
    old, new = hostile()["cells"][0], hostile()["cells"][0]
    new = {**new, "results": [], "traits": {HOSTILE: "x"}, "offers": []}
    old = {**old, "results": [], "traits": {HOSTILE: HOSTILE}, "offers": [HOSTILE]}
    comparisons = compare(made(old), made(new))
    text = gate.markdown(comparisons)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 4
    assert all(line.count("|") - line.count(r"\|") == 3 for line in table)
    assert "\x1b" not in text + "".join(shown(old, new))


def test_markdown_has_the_same_lines():
    text = gate.markdown(compare(made(cell("a", result())), made(cell("a", failing(**FLOOR)))))
    assert text.startswith("### ✗ bncheck gate: `a (a==1) → a (a==1)`\n")
    assert "| ✗ laws | `new: an epsilon below 1.001e-5" in text
