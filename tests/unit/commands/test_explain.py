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
    assert "affects tensorflow >=1.12.3,<=1.15.5" in text


@pytest.mark.parametrize("name", ["epsilon: floor", "epsilon:floor"])
def test_a_value_is_explained_with_its_harm_its_releases_its_laws_and_numbers(name):
    answer = explain(name)
    assert answer.exit_code == 0
    text = " ".join(answer.stdout.split())
    for part in (
        "epsilon: floor an epsilon below 1.001e-5 is raised",
        "it is a defect",
        "is ignored without a word",
        "tf.keras to 2.10.1",
        "https://github.com/tensorflow/tensorflow/issues/37768",
        "inference_output_matches_reference, ",
        "training_output_matches_reference",
        "by the paper -0.1761235 with floor 0.12875324 network BatchNorm(eps=1e-06)",
    ):
        assert part in text


def test_a_convention_is_no_defect():
    text = " ".join(explain("running_variance: unbiased").stdout.split())
    assert "it is a convention" in text
    assert "laws" not in text


def test_an_axis_is_explained_with_all_its_values():
    answer = explain("running_variance")
    assert answer.exit_code == 0
    assert "The estimator of the variance that enters the moving variance." in answer.stdout
    assert all(f"running_variance: {value}\n" in answer.stdout for value in ("biased", "unbiased", "over_n_plus_one"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rows_permutes", "no law or axis is called 'rows_permutes': did you mean rows_permute"),
        ("epsilonn", "no law or axis is called 'epsilonn': did you mean epsilon"),
        ("epsilon: flor", "no value is called 'epsilon: flor': did you mean epsilon: floor"),
        ("xyzzy", "no law or axis is called 'xyzzy': `bncheck list` lists them"),
        ("xyz: zy", "no value is called 'xyz: zy': `bncheck list --traits` lists them"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name, says):
    answer = explain(name)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"bncheck: {says}")
