import json

import pytest
from click.testing import CliRunner

from bncheck import invariants
from bncheck.commands import main
from bncheck.engine import bisect
from bncheck.records import ledger
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "training_output_matches_reference"
WHY = ["--write", "--reason", "open upstream", "--link", "https://example.org/1"]


@pytest.fixture(autouse=True)
def releases(monkeypatch):
    """Six releases, of which the first three break the law and move the estimator; one cannot be built."""

    def opened(spec, tell):
        tell("building")
        old = spec < "torch==3"
        broken = {"epsilon": "outside", "running_variance": "unbiased"} if old else {}
        subject = reference_subject(Traits(**broken))
        subject.transport.description = {**subject.description, "framework": "torch", "version": f"{spec[7:]}+cpu"}
        return subject

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


def entries(path):
    return [(each.mechanism, each.subject, each.versions) for each in ledger.parse(path, invariants.load_all())]


def test_what_was_found_is_written_and_accepts_the_finding(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(LAW, "torch", *WHY)
    assert found.exit_code == 0
    place = tmp_path / "bncheck.toml"
    assert found.stdout.splitlines()[-1] == f"accepted in {place}: {LAW} by epsilon: outside on torch>=0,<3"
    assert entries(place) == [("epsilon: outside", "torch", ">=0,<3")]
    again = run(LAW, "torch", *WHY)
    assert again.stdout.splitlines()[-1].startswith(f"nothing to change in {place}: ")
    assert entries(place) == [("epsilon: outside", "torch", ">=0,<3")]


@pytest.mark.parametrize("form", ["[[tool.bncheck.ledger]]\n{}\n", "[tool.bncheck]\nledger = [{{ {} }}]\n"])
def test_the_range_of_an_entry_that_is_there_is_put_right(tmp_path, form):
    place = tmp_path / "pyproject.toml"
    run(LAW, "torch", *WHY, "--file", str(tmp_path / "bncheck.toml"))
    lines = (tmp_path / "bncheck.toml").read_text().replace('">=0,<3"', '"<5"').splitlines()[1:]
    place.write_text("# kept\n" + form.format(("\n" if "[[" in form else ", ").join(lines)))
    found = run(LAW, "torch", *WHY, "--file", str(place))
    assert found.stdout.splitlines()[-1] == (f"changed in {place}: {LAW} by epsilon: outside on torch<5 is now <3")
    assert entries(place) == [("epsilon: outside", "torch", "<3")]
    assert place.read_text().startswith("# kept\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["training_output", "torch"], "did you mean"),
        (["weights_port_in_inference", "torch"], "two subjects"),
        ([LAW, "torch", "1.0"], "two versions"),
        ([LAW, "torch", *WHY[:3]], "--write needs --link"),
        ([LAW, "torch", WHY[0], *WHY[3:]], "--write needs --reason"),
        ([LAW, "torch", *WHY[1:]], "give --write too"),
        ([LAW, "torch", *WHY[:-1], "javascript:1"], "a link that begins with https://"),
        ([LAW, "torch", *WHY, "--file", "/none/bncheck.toml"], "there is no folder"),
        (["running_variance", "torch", *WHY], "an axis has no finding"),
        (["moving_mean_matches_reference", "torch"], "nothing changed"),
    ],
)
def test_what_cannot_be_searched_is_told_in_one_line(arguments, said):
    found = run(*arguments)
    assert found.exit_code == 2
    assert said in found.stderr.splitlines()[-1]
