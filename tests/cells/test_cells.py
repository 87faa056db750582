"""The product on real frameworks: `bncheck run` on four cells.  Their environments are built at first use."""

import subprocess
import sys

import pytest

from bncheck.invariants import load_all

# By cell and mechanism, the laws that it breaks; `docs/findings.md` says what each mechanism is.
BROKEN = {
    "tf1.14": {
        "empty_batch: averaged": {"empty_batch_changes_nothing"},
        "empty_batch: moves_statistics": {"empty_batch_changes_nothing"},
        "epsilon: floor": {
            "batch_norm_can_be_identity_in_inference",
            "configured_epsilon_is_used",
            "extreme_scales_keep_accuracy",
            "inference_gradient_matches_reference",
            "inference_output_matches_reference",
            "parameter_gradients_match_reference",
            "training_output_matches_reference",
        },
        "initial_weights: by_position": {
            "linear_activation_keeps_initial_weights",
            "zero_dropout_keeps_initial_weights",
        },
        "masks: ignored": {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"},
        "masks: ignored; momentum_precision: single": {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"},
        "momentum_precision: single": {
            "far_offset_leaves_the_variance",
            "moving_mean_matches_reference",
            "moving_statistics_converge",
            "moving_variance_matches_reference",
        },
        "precision: half": {
            "half_precision_gradients_match_reference",
            "half_precision_output_matches_reference",
            "half_precision_state_matches_reference",
        },
        "second_gradient: mean_constant": {"second_derivatives_match_reference"},
    },
    "tf2.0": {
        "empty_batch: averaged": {"empty_batch_changes_nothing"},
        "empty_batch: moves_statistics": {"empty_batch_changes_nothing"},
        "epsilon: floor": {
            "batch_norm_can_be_identity_in_inference",
            "configured_epsilon_is_used",
            "extreme_scales_keep_accuracy",
            "frozen_layer_normalises_by_its_convention",
            "inference_gradient_matches_reference",
            "inference_output_matches_reference",
            "parameter_gradients_match_reference",
            "training_output_matches_reference",
        },
        "malformed_input: moves_first": {"malformed_step_is_refused"},
        "malformed_input: moves_first; momentum_precision: single": {"malformed_step_is_refused"},
        "masks: ignored": {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"},
        "masks: ignored; momentum_precision: single": {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"},
        "momentum_precision: single": {
            "far_offset_leaves_the_variance",
            "moving_mean_matches_reference",
            "moving_statistics_converge",
            "moving_variance_matches_reference",
        },
        "precision: half": {
            "half_precision_gradients_match_reference",
            "half_precision_output_matches_reference",
            "half_precision_state_matches_reference",
        },
        "second_gradient: mean_constant": {"second_derivatives_match_reference"},
        "unexplained": {"malformed_step_is_refused"},
    },
    "keras3.15-tf": {
        "empty_batch: averaged": {"empty_batch_changes_nothing"},
        "fixed_training: overridden": {"fixed_mode_is_kept_inside_a_model"},
        "malformed_input: integers_in_single": {"malformed_step_is_refused"},
        "mask_count: plus_epsilon": {"fully_masked_batch_changes_nothing", "masked_steps_stay_out"},
        "second_gradient: mean_constant": {"second_derivatives_match_reference"},
    },
    "torch2.13": {
        "affine: fused": {"constant_channel_gives_beta"},
        "compiled: one_pass": {"compiled_state_matches_eager"},
        "memory_layout: gamma_by_pointer": {"layout_of_the_state_changes_nothing"},
        "precision: half": {"half_precision_gradients_match_reference"},
    },
}
NOT_OFFERED = {
    "tf1.14": {
        "compiled_gradients_match_eager",
        "compiled_output_matches_eager",
        "compiled_state_matches_eager",
        "counter_counts_training_batches",
        "cumulative_average_matches_reference",
        "fixed_mode_is_kept_inside_a_model",
        "layout_of_the_state_changes_nothing",
        "setting_weights_keeps_the_counter",
        "untracked_layer_leaves_state_alone",
    },
    "tf2.0": {
        "counter_counts_training_batches",
        "cumulative_average_matches_reference",
        "layout_of_the_state_changes_nothing",
        "setting_weights_keeps_the_counter",
        "untracked_layer_leaves_state_alone",
    },
    "keras3.15-tf": {
        "counter_counts_training_batches",
        "cumulative_average_matches_reference",
        "layout_of_the_state_changes_nothing",
        "setting_weights_keeps_the_counter",
        "untracked_layer_leaves_state_alone",
    },
    "torch2.13": {
        "fixed_mode_is_kept_inside_a_model",
        "fully_masked_batch_changes_nothing",
        "masked_steps_stay_out",
        "predict_and_evaluate_infer",
    },
}
SEEDS = "initial_weights: by_position"
ESTIMATORS = {"tf1.14": {"biased", "unbiased"}, "tf2.0": {"biased", "unbiased"}, "keras3.15-tf": {"biased"}}
LINEAR = {"linear_activation_is_identity", "linear_activation_keeps_gradients", "linear_activation_keeps_training"}


def results(record):
    return {result["invariant"]: result for result in record["cells"][0]["results"]}


@pytest.mark.parametrize("cell", BROKEN)
def test_a_cell_ends_in_verdicts(records, cell):
    record, code = records(cell)
    assert set(results(record)) == {law.name for law in load_all().values() if not law.differential}
    verdicts = {name: result["verdict"] for name, result in results(record).items()}
    assert {name for name, verdict in verdicts.items() if verdict == "inapplicable"} == NOT_OFFERED[cell]
    assert set(verdicts.values()) <= {"pass", "fail", "inapplicable"}
    assert code == (1 if BROKEN[cell] else 0)


@pytest.mark.parametrize("cell", BROKEN)
def test_a_cell_breaks_just_the_laws_it_is_known_to_break(records, cell):
    record, _ = records(cell)
    broken = {}
    for name, result in results(record).items():
        for finding in [result["finding"], *result.get("further", ())] if result["finding"] else ():
            broken.setdefault(finding["mechanism"], set()).add(name)
    assert broken == BROKEN[cell]


@pytest.mark.parametrize("cell", BROKEN)
def test_a_law_is_broken_by_the_versions_that_its_origin_names(records, cell):
    record, _ = records(cell)
    for name, result in results(record).items():
        if load_all()[name].origin.naming(record["cells"][0]["subject"]):
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
