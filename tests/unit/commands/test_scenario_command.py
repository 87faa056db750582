import json

import pytest
from click.testing import CliRunner

from bncheck import scenarios
from bncheck.commands import main
from bncheck.commands import scenario as command
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Scenarios train as their tests do, and cells are the reference."""
    monkeypatch.setenv("COLUMNS", "100")
    traits = {"tf1.14": Traits(initial_weights="by_position"), "torch2.13": Traits(running_variance="unbiased")}

    def opened(spec, tell, seconds):
        assert seconds > 1000
        return reference_subject(traits.get(spec.name, Traits()), spec.name)

    monkeypatch.setattr(command, "open_subject", opened)
    run = scenarios.run
    monkeypatch.setattr(scenarios, "run", lambda each, *args, **more: run(each, *args, settings=each.short, **more))


def invoke(*arguments):
    return CliRunner().invoke(main, ["scenario", *map(str, arguments)])


def test_without_a_name_the_scenarios_are_listed():
    words = " ".join(invoke().stdout.split())
    for each in scenarios.load_all().values():
        assert each.name in words
        assert each.title.split(":")[0] in words


def test_one_subject_is_trained_and_the_verdicts_are_shown():
    answer = invoke("linear_activation", "tf1.14", "--seeds", 2)
    assert answer.exit_code == 0
    words = " ".join(answer.stdout.split())
    assert "leaves the initial weights of the other layers alone ✗ does not hold tf1.14" in words
    assert "from the same initial weights the trajectory is the same ✓ holds" in words
    assert "from the same weights and batches" not in words
    assert "tf1.14: linear_activation, " in answer.stderr


def test_two_subjects_are_followed_step_by_step():
    words = " ".join(invoke("linear_activation", "tf1.14", "torch2.13", "--seeds", 1).stdout.split())
    assert "from the same weights and batches: tf1.14 and torch2.13" in words
    assert "running variance: biased and unbiased" in words


def test_a_page_a_picture_and_a_record_are_written(tmp_path):
    pytest.importorskip("matplotlib")
    files = {name: tmp_path / f"found.{name}" for name in ("png", "md", "json")}
    options = ["--plot", files["png"], "--page", files["md"], "--record", files["json"]]
    assert invoke("step_function", "torch2.13", "--seeds", 1, *options).exit_code == 0
    record = json.loads(files["json"].read_text())
    assert record["scenario"] == "step_function"
    assert len(record["subjects"][0]["claims"]) == 5
    assert "found.png" in files["md"].read_text()
    assert "bncheck scenario step_function torch2.13 --seeds 1" in files["md"].read_text()
    assert files["png"].stat().st_size > 1000


def test_variants_are_chosen():
    answer = invoke("gamma_regression", "torch2.13", "--variant", "large", "--variant", "none", "--seeds", 1)
    assert answer.exit_code == 0
    assert "without the last" in answer.stdout  # a claim's text
    assert "– not judged" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["placemen"], "no scenario is called 'placemen': did you mean placement?"),
        (["placement", "--variant", "nowher"], "no variant of placement is called 'nowher': did you mean nowhere?"),
        (["placement", "--page", "/nosuch/a.md"], "--page /nosuch/a.md: there is no folder /nosuch"),
        (["placement", "nosuch"], "'nosuch'"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(arguments, said):
    answer = invoke(*arguments)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
