import json

import jsonschema
import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.engine import campaign
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import LEGAL, Traits

MUTANTS = {"tf1.14": Traits(epsilon="floor", frozen_output="batch"), "torch2.13": Traits(running_variance="unbiased")}


@pytest.fixture(autouse=True)
def mutants(monkeypatch):
    """Cells are the reference with traits of ours; tf1.15 cannot be built."""
    monkeypatch.setenv("COLUMNS", "100")

    def opened(spec, tell):
        if spec.name == "tf1.15":
            raise UsageError("tf1.15 could not be built: no matching wheel")
        return reference_subject(MUTANTS.get(spec.name, Traits()), name=spec.name)

    monkeypatch.setattr(campaign, "open_subject", opened)


def traits(*arguments):
    return CliRunner().invoke(main, ["traits", *arguments])


def test_subjects_stand_side_by_side():
    answer = traits("reference", "tf1.14", "torch2.13")
    assert answer.exit_code == 0
    rows = {line.split()[0]: line.split()[1:] for line in answer.stdout.splitlines() if line}
    assert rows["axis"] == ["reference", "tf1.14", "torch2.13"]
    assert rows["epsilon"] == ["inside", "✗", "floor", "inside"]
    assert rows["running_variance"] == ["biased", "biased", "unbiased"]
    assert rows["frozen_output"] == ["moving", "batch", "moving"]


def test_json_is_a_record_with_every_axis_and_no_verdict(tmp_path):
    answer = traits("tf1.14", "--json")
    found = json.loads(answer.stdout)
    jsonschema.validate(found, record.schema())
    (tmp_path / "record.json").write_text(answer.stdout)
    assert record.read(tmp_path / "record.json") == found
    (cell,) = found["cells"]
    assert set(cell["traits"]) == set(LEGAL)
    assert (cell["traits"]["epsilon"], cell["results"]) == ("floor", [])


def test_what_could_not_be_measured_is_2_and_the_others_are_shown():
    answer = traits("tf1.15", "torch2.13")
    assert answer.exit_code == 2
    assert "tf1.15: tf1.15 could not be built: no matching wheel" in answer.stdout
    assert "unbiased" in answer.stdout


def test_where_nothing_could_be_measured_one_line_says_why():
    answer = traits("tf1.15")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == "tf1.15: tf1.15 could not be built: no matching wheel\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tf1.41"], "did you mean tf1."),
        (["torch", "--python", "/none/python"], "there is no such file"),
        (["torch2.13", "--layer", "none.py:Norm"], "there is no file"),
        (["reference", "--layer", "mine:Norm"], "name a framework too"),
    ],
)
def test_bad_input_is_one_line_and_2(arguments, says):
    answer = traits(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1
    assert says in answer.stderr


def test_a_users_layer_is_measured(tmp_path):
    (tmp_path / "norm.py").write_text("class Norm: pass")
    answer = traits("torch2.13", "--layer", f"{tmp_path}/norm.py:Norm", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["cells"][0]["layer"] == f"{tmp_path}/norm.py:Norm"


def test_a_fault_in_the_measurement_is_told_and_ends_the_subject(monkeypatch):
    closed = []
    monkeypatch.setattr(ReferenceTransport, "close", lambda self: closed.append(self))
    monkeypatch.setattr(campaign, "measure_all", lambda subject: 1 / 0)
    answer = traits("reference")
    assert answer.exit_code == 2
    assert "a fault of bncheck itself: ZeroDivisionError" in answer.stderr
    assert len(closed) == 1


def test_an_interruption_is_130(monkeypatch):
    monkeypatch.setattr(campaign.Campaign, "stop", lambda self: self.stopped.set() or True)
    assert traits("reference").exit_code == 130
