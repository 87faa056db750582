"""Scenarios on real frameworks: the founding figure, to the digits that were published, and two frameworks together."""

import subprocess
import sys

import numpy as np
import pytest

from bncheck import scenarios
from bncheck.engine.campaign import open_subject
from bncheck.records import record as records
from bncheck.subjects import resolve

CELLS = ("tf1.14", "keras3.15-tf", "torch2.13")


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    """A cell whose worker trains all scenarios, one after the other."""
    (spec,) = resolve.resolve([request.param])
    subject = open_subject(spec, lambda line: None)
    yield subject
    subject.close()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The founding scenario on an old and two new frameworks, with the question's seeds alone."""
    file = tmp_path_factory.mktemp("records") / "found.json"
    command = [sys.executable, "-m", "bncheck", "scenario", "linear_activation", "tf1.14", "keras3.15-tf", "torch2.13"]
    subprocess.run([*command, "--seeds", "1", "--record", str(file)], check=True, stdout=subprocess.DEVNULL)
    (found,) = records.read(file)["scenarios"]
    return found


def test_the_published_figures_come_out_to_the_digit(record):
    old = record["subjects"][0]
    figures = {variant: numbers["val_loss"] for variant, numbers in old["numbers"].items()}
    assert figures["as it is"] == figures["no first linear, same weights"] == [0.7751016616821289]
    assert round(figures["batch norm"][0], 4) == 1.1230
    assert round(figures["no first linear"][0], 4) == 1.2729


def test_the_linear_activation_moved_the_initial_weights_on_tensorflow_1_alone(record):
    verdicts = {each["name"]: [claim["verdict"] for claim in each["claims"]][3:] for each in record["subjects"]}
    assert verdicts["tf1.14"] == ["does not hold", "does not hold", "holds"]
    assert verdicts["keras3.15-tf"] == verdicts["torch2.13"] == ["holds", "holds", "holds"]


def test_from_the_same_weights_all_follow_one_trajectory_for_fifty_steps(record):
    assert len(record["trajectories"]) == 3
    for trajectory in record["trajectories"]:
        rows = {(row["setting"], row["group"]): row for row in trajectory["rows"]}
        assert rows["the same layer", "weights"]["parted"] is None
        assert rows["epsilon 1e-5", "weights"]["parted"] == 1
        assert rows["momentum 0.9", "weights"]["parted"] is None


def test_what_parts_the_statistics_is_a_convention(record):
    because = {
        tuple(trajectory["subjects"]): row["because"]
        for trajectory in record["trajectories"]
        for row in trajectory["rows"]
        if (row["setting"], row["group"]) == ("the same layer", "moving variance")
    }
    assert because["keras3.15-tf", "torch2.13"] == "running variance: biased and unbiased"
    assert because["tf1.14", "keras3.15-tf"] == "momentum precision: single and layer"


@pytest.mark.parametrize("scenario", scenarios.load_all().values(), ids=lambda scenario: scenario.name)
def test_each_scenario_trains_in_its_short_form(cell, scenario):
    variants = list(scenario.variants)
    found = scenarios.run(scenario, [cell], 1, variants=variants, settings=scenario.short)
    outcome = scenarios.outcome(scenario, cell.name, cell.description, found, 1.0)
    # TensorFlow 1's kernel for images has their channels last on a CPU.
    assert set(found.missing) <= {"channels first"}
    assert found.missing == {} or cell.name == "tf1.14"
    for name, runs in found.runs.items():
        values = [value for number in scenario.numbers for value in found.of(name, number)]
        assert values, name
        assert np.isfinite(values).all(), (name, runs)
    judged = {claim["text"]: claim["verdict"] for claim in outcome["claims"]}
    assert all(verdict != scenarios.OPEN or "channels first" in text for text, verdict in judged.items())
    assert judged.get("a layer that is built and never added changes nothing, to the bit", "holds") == "holds"
