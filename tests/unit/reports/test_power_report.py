import io

from rich.console import Console

from bncheck.reports import power

LAWS = [f"law_{n}" for n in range(12)]
MUTANTS = [
    {
        "family": "state",
        "name": "moves_late",
        "sentence": "late",
        "seeds": {"0": "law_1"},
        "laws": {"law_1": "unexplained"},
    },
    {
        "family": "traits",
        "name": "epsilon: floor",
        "sentence": "raised",
        "seeds": {"0": "law_0"},
        "laws": {"law_0": "epsilon: floor", "law_1": "epsilon: floor", "law_11": "unexplained"},
    },
    {"family": "traits", "name": "\x1b[31mnone", "sentence": "none", "seeds": {"0": None}, "laws": {}},
]
SIZES = [{"name": "beta", "sentence": "beta is too large", "float32": 2.5e-7, "float64": None, "laws": {}}]
FOUND = {"seeds": [0], "max_examples": 100, "laws": LAWS, "mutants": MUTANTS, "sizes": SIZES}


def shown(found):
    console = Console(file=io.StringIO(), width=120)
    for part in power.report(found):
        console.print(part)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def row(name):
    return next(line for line in shown(FOUND) if name in line).split()


def test_a_mutant_is_a_row_with_a_mark_for_each_law():
    assert row("moves_late") == ["moves_late", "1", "of", "1", "·✗········", "··", "unexplained"]
    assert "✗✗········ ·✗" in " ".join(row("epsilon: floor"))
    assert "epsilon: floor (2), unexplained (1)" in " ".join(row("epsilon: floor"))


def test_a_mutant_that_nobody_saw_says_so():
    assert row("none")[:4] == ["none", "0", "of", "1"]
    assert shown(FOUND)[-1].startswith("2 of 3 mutants seen at every seed; 1 fault with a size (12 laws, 100 examples")


def test_a_law_says_how_many_it_sees_and_which_it_alone():
    assert row(" law_1 ") == ["2", "law_1", "2", "moves_late"]
    assert row("law_11")[:3] == ["12", "law_11", "1"]


def test_a_size_that_is_not_seen_is_none():
    assert row("beta is")[:3] == ["beta", "2.5e-07", "none"]


def test_nothing_is_said_in_one_line():
    assert shown({**FOUND, "mutants": [], "sizes": []}) == ["nothing was asked (12 laws, 100 examples a law, 1 seed)"]
