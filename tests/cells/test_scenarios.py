"""Scenarios on real frameworks: the founding figure, to the digits that were published, and two frameworks together."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The founding scenario on an old and two new frameworks, with the question's seeds alone."""
    file = tmp_path_factory.mktemp("records") / "found.json"
    command = [sys.executable, "-m", "bncheck", "scenario", "linear_activation", "tf1.14", "keras3.15-tf", "torch2.13"]
    subprocess.run([*command, "--seeds", "1", "--record", str(file)], check=True, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text())


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
