"""The product on real frameworks: `bncheck run` on four cells.  Their environments are built at first use."""

import subprocess
import sys

import pytest
from packaging.specifiers import SpecifierSet

from bncheck.invariants import load_all

FLOOR, MOMENTUM, SEEDS = "epsilon: floor", "momentum_precision: single", "initial_weights: by_position"
OUTPUTS = {"inference_output_matches_reference": {FLOOR}, "training_output_matches_reference": {FLOOR}}
STATISTICS = {"moving_mean_matches_reference": {MOMENTUM}, "moving_variance_matches_reference": {MOMENTUM}}
NO_MASKS = {
    "fully_masked_batch_changes_nothing": {"masks: ignored"},
    "masked_steps_stay_out": {"masks: ignored", f"masks: ignored; {MOMENTUM}"},
}
EMPTY = {"empty_batch_changes_nothing": {"empty_batch: averaged", "empty_batch: moves_statistics"}}
MOVED, UNEXPLAINED = "malformed_input: moves_first", "unexplained"
BROKEN = {
    # The fused kernel raises a small epsilon; 1 - momentum is rounded to float32; an operation's seed is its number.
    "tf1.14": {**OUTPUTS, **STATISTICS, **EMPTY, **NO_MASKS, "linear_activation_keeps_initial_weights": {SEEDS}},
    "tf2.0": {
        **(OUTPUTS | STATISTICS | EMPTY | NO_MASKS),
        # A float64 layer that was built for rank 2 takes rank 4.
        "malformed_step_is_refused": {MOVED, f"{MOVED}; {MOMENTUM}", UNEXPLAINED},
    },
    "keras3.15-tf": {
        "empty_batch_changes_nothing": {"empty_batch: averaged"},
        "fully_masked_batch_changes_nothing": {"mask_count: none_is_zero"},
        "malformed_step_is_refused": {"precision: single"},
        "masked_steps_stay_out": {"mask_count: plus_epsilon"},
    },
    "torch2.13": {"layout_of_the_state_changes_nothing": {"memory_layout: gamma_by_pointer"}},
}
MASKS = {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"}
NOT_OFFERED = {"torch2.13": MASKS}
ESTIMATORS = {"tf1.14": {"biased", "unbiased"}, "tf2.0": {"biased", "unbiased"}, "keras3.15-tf": {"biased"}}
LINEAR = {"linear_activation_is_identity", "linear_activation_keeps_gradients", "linear_activation_keeps_training"}


def results(record):
    return {result["invariant"]: result for result in record["cells"][0]["results"]}


@pytest.mark.parametrize("cell", BROKEN)
def test_a_cell_ends_in_verdicts(records, cell):
    record, code = records(cell)
    assert set(results(record)) == {law.name for law in load_all().values() if not law.differential}
    verdicts = {name: result["verdict"] for name, result in results(record).items()}
    left_out = NOT_OFFERED.get(cell, {"layout_of_the_state_changes_nothing"})
    assert {name for name, verdict in verdicts.items() if verdict == "inapplicable"} == left_out
    assert set(verdicts.values()) <= {"pass", "fail", "inapplicable"}
    assert code == (1 if BROKEN[cell] else 0)


@pytest.mark.parametrize("cell", BROKEN)
def test_a_cell_breaks_just_the_laws_it_is_known_to_break(records, cell):
    record, _ = records(cell)
    broken = {name: result for name, result in results(record).items() if result["finding"]}
    mechanisms = {
        name: {finding["mechanism"] for finding in [result["finding"], *result.get("further", ())]}
        for name, result in broken.items()
    }
    assert mechanisms == BROKEN[cell]


@pytest.mark.parametrize("cell", BROKEN)
def test_a_law_is_broken_by_the_versions_that_its_origin_names(records, cell):
    record, _ = records(cell)
    framework, _, version = record["cells"][0]["subject"].partition("==")
    version, _, mode = version.partition(":")
    for name, result in results(record).items():
        affected = load_all()[name].origin.affected or {}
        named = [affected[key] for key in (framework, f"{framework}:{mode}") if key in affected]
        if any(SpecifierSet(versions).contains(version) for versions in named):
            assert result["verdict"] == "fail", name


@pytest.mark.parametrize("cell", ESTIMATORS)
def test_the_estimator_of_the_moving_variance_is_read_off_the_subject(records, cell):
    record, _ = records(cell)
    measured = record["cells"][0]["traits"]["running_variance"]
    assert ({measured} if isinstance(measured, str) else set(measured.values())) == ESTIMATORS[cell]


def test_the_founding_bug_is_found_in_a_network_of_at_most_three_layers(records):
    record, _ = records("tf1.14")
    found = results(record)
    network = found["linear_activation_keeps_initial_weights"]["finding"]["case"]["network"]
    assert len(network) <= 3
    assert "Linear" in {layer["layer"] for layer in network}
    assert {found[name]["verdict"] for name in LINEAR} == {"pass"}


def test_the_founding_bug_is_gone_in_tensorflow_2(records):
    record, _ = records("tf2.0")
    assert results(record)["linear_activation_keeps_initial_weights"]["verdict"] == "pass"


def test_the_founding_bug_is_still_there_in_graph_mode(records):
    record, _ = records("tf2.0:graph", "--select", "linear_activation_*")
    found = results(record)
    assert found["linear_activation_keeps_initial_weights"]["finding"]["mechanism"] == SEEDS
    assert {found[name]["verdict"] for name in LINEAR} == {"pass"}


def test_keras_and_torch_agree():
    laws = "subjects_agree_in_training,weights_port_in_inference"
    command = [sys.executable, "-m", "bncheck", "run", "keras3.15-tf", "torch2.13", "--select", laws]
    assert subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0
