import json

import pytest
from click.testing import CliRunner

from bncheck import invariants
from bncheck.commands import main
from bncheck.engine import bisect
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "training_output_matches_reference"


@pytest.fixture(autouse=True)
def releases(monkeypatch):
    """Six releases, of which the first three break the law and move the estimator; one cannot be built."""

    def opened(spec, tell):
        tell("building")
        old = spec < "torch==3"
        broken = {"epsilon": "outside", "running_variance": "unbiased"} if old else {}
        return reference_subject(Traits(**broken))

    def spec(name):
        if name == "torch==4":
            raise bisect.UsageError("no wheel")
        return name

    monkeypatch.setattr(bisect, "names", lambda *given: [f"torch=={n}" for n in range(6)])
    monkeypatch.setattr(bisect, "_spec", spec)
    monkeypatch.setattr(bisect.campaign, "open_subject", opened)


def run(*arguments):
    return CliRunner().invoke(main, ["bisect", *arguments])


def test_a_law_that_was_mended():
    found = run(LAW, "torch")
    assert found.exit_code == 0
    assert f"{LAW}: broken to torch==2, holds from torch==3" in found.stdout
    assert "torch==5: holds" in found.stderr


def test_a_convention_that_moved():
    assert "running_variance: unbiased to torch==2, biased from torch==3" in run("running_variance", "torch").stdout


def test_the_case_of_a_file(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(invariants.load_all()[LAW].examples[0].to_json()))
    assert "broken to torch==2" in run(LAW, "torch", "--case", str(path)).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["training_output", "torch"], "did you mean"),
        (["weights_port_in_inference", "torch"], "two subjects"),
        ([LAW, "torch", "1.0"], "two versions"),
        (["moving_mean_matches_reference", "torch"], "nothing changed"),
    ],
)
def test_what_cannot_be_searched_is_told_in_one_line(arguments, said):
    found = run(*arguments)
    assert found.exit_code == 2
    assert said in found.stderr.splitlines()[-1]
