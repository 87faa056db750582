import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.invariants import load_all


def explain(law):
    return CliRunner().invoke(main, ["explain", law])


@pytest.mark.parametrize("law", load_all().values(), ids=lambda law: law.name)
def test_every_law_is_explained_with_a_failure(law):
    answer = explain(law.name)
    assert answer.exit_code == 0
    text = " ".join(answer.stdout.split())
    for part in (law.title, law.why, law.origin.link, f"✗ {law.name} on", "mechanism", "network"):
        assert part in text
    assert "unexplained" not in text


def test_the_example_names_the_fault():
    text = " ".join(explain("linear_activation_keeps_initial_weights").stdout.split())
    assert "mechanism initial_weights: by_position" in text
    assert "affects tensorflow <2.0" in text


def test_an_unknown_law_is_answered_with_the_nearest():
    answer = explain("rows_permutes")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("bncheck: no law is called 'rows_permutes': did you mean rows_permute")
