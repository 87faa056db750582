from typing import ClassVar

import pytest
from click.testing import CliRunner

from bncheck import scenarios
from bncheck.cases.trace import Raised
from bncheck.commands import main
from bncheck.commands import scenario as command
from bncheck.records import record as records
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
    (found,) = records.read(files["json"])["scenarios"]
    assert found["scenario"] == "step_function"
    assert len(found["subjects"][0]["claims"]) == 5
    assert "found.png" in files["md"].read_text()
    assert "bncheck scenario step_function torch2.13 --seeds 1" in files["md"].read_text()
    assert files["png"].stat().st_size > 1000


def test_scenarios_join_a_record_and_are_shown_with_it(tmp_path):
    for name in ("step_function", "linear_activation", "step_function"):
        assert invoke(name, "torch2.13", "--seeds", 1, "--record", tmp_path / "found.json").exit_code == 0
    shown = CliRunner().invoke(main, ["report", str(tmp_path / "found.json")])
    assert shown.exit_code == 0
    assert "2 scenarios" in shown.stdout
    assert shown.stdout.count("A step function is learnt no better") == 1
    page = ["report", str(tmp_path / "found.json"), "--report", f"html={tmp_path / 'found.html'}"]
    assert CliRunner().invoke(main, page).exit_code == 0
    assert (tmp_path / "found.html").read_text().count("<polyline") > 6


class Untrainable:
    """A subject that has no training."""

    name = "old"
    description: ClassVar = {"framework": "old", "version": "1"}
    close = staticmethod(lambda: None)

    def run(self, case):
        raise Raised("Unsupported", "this adapter has no train", 0, True)


def test_a_subject_that_cannot_train_has_one_line(monkeypatch, tmp_path):
    ready = command.open_subject
    opened = lambda spec, *more: Untrainable() if spec.name == "tf1.14" else ready(spec, *more)  # noqa: E731
    monkeypatch.setattr(command, "open_subject", opened)
    alone = invoke("placement", "tf1.14", "--record", tmp_path / "none.json")
    reason = "tf1.14 cannot train placement: not offered: step 0 raised Unsupported: this adapter has no train\n"
    assert (alone.exit_code, alone.stdout, alone.stderr) == (5, "", reason)
    assert not (tmp_path / "none.json").exists()
    beside = invoke("linear_activation", "tf1.14", "torch2.13", "--seeds", 1)
    assert beside.exit_code == 0
    assert "tf1.14 cannot train linear_activation" in beside.stderr
    assert "tf1.14" not in beside.stdout.replace("TF 1.14", "")


def test_a_file_that_is_no_record_is_left_alone(tmp_path):
    (tmp_path / "notes.json").write_text("{}")
    answer = invoke("placement", "torch2.13", "--record", tmp_path / "notes.json")
    assert (answer.exit_code, "is no record of bncheck" in answer.stderr) == (2, True)
    assert (tmp_path / "notes.json").read_text() == "{}"


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
