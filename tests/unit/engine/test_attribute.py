from dataclasses import replace

import numpy as np
import pytest
from fake_subjects import bent, raising

from bncheck.cases.case import SetState
from bncheck.cases.network import BatchNorm, Dense, Linear
from bncheck.cases.strategies import network_case
from bncheck.cases.variants import layer_example
from bncheck.engine.attribute import mechanism
from bncheck.engine.examine import Budget, examine
from bncheck.engine.pair import Pair
from bncheck.invariants import load_all
from bncheck.truth.probe import measure
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits, defects

LAWS = load_all()
ALONE = [law for law in LAWS.values() if not law.differential]
OUTPUT = LAWS["training_output_matches_reference"]
OF_A_MUTANT = [(name, traits, law) for name, traits in defects(Traits()) for law in ALONE if law.mutant() == traits]
OTHERS = [(name, traits) for name, traits in defects(Traits()) if not any(law.mutant() == traits for law in ALONE)]
CASE = layer_example([[0.0], [8.0], [1.0]], dy=[[1.0], [-2.0], [0.5]], layer=BatchNorm(eps=1e-6))


@pytest.mark.parametrize(("name", "traits", "law"), OF_A_MUTANT, ids=[f"{n}-{law.name}" for n, _, law in OF_A_MUTANT])
def test_a_defect_is_named_by_the_law_whose_mutant_it_is(name, traits, law):
    found = examine(reference_subject(traits), [law], Budget(40))[0].finding
    assert found.mechanism == name


@pytest.mark.parametrize(("name", "traits"), OTHERS, ids=[name for name, _ in OTHERS])
def test_a_defect_that_is_no_laws_mutant_is_found_and_named(name, traits):
    results = examine(reference_subject(traits), ALONE, Budget(40))
    findings = [each for result in results if result.finding for each in (result.finding, *result.further)]
    assert findings
    assert name in {finding.mechanism for finding in findings}


def test_drawn_cases_name_the_mechanism_as_the_examples_do():
    for seed, law in enumerate(ALONE):
        budget = Budget(max(40, round(5 / law.share)), seed=seed)
        found = examine(reference_subject(law.mutant()), [replace(law, examples=())], budget)[0].finding
        assert found.mechanism in [name for name, traits in defects(Traits()) if traits == law.mutant()], law.name


def test_numbers_that_no_trait_gives_are_unexplained():
    def bend(program, answer):
        for step in answer["steps"]:
            step.update({"y": step["y"] * 3} if "y" in step else {})
        return answer

    assert mechanism(bent(bend), OUTPUT, CASE) == "unexplained"


def test_an_exception_is_unexplained():
    assert mechanism(raising("boom"), OUTPUT, CASE) == "unexplained"


def test_the_conventions_of_the_subject_are_no_part_of_the_mechanism():
    subject = reference_subject(Traits(running_variance="unbiased", moving_average="swapped"))
    found = examine(subject, [LAWS["moving_mean_matches_reference"]], Budget(10))[0].finding
    assert found.mechanism == "moving_average: swapped"


def test_a_pair_has_no_mechanism():
    law = LAWS["weights_port_in_inference"]
    pair = Pair(reference_subject(), reference_subject(law.mutant()))
    assert examine(pair, [law], Budget(10))[0].finding.mechanism == "unexplained"


def test_two_defects_that_different_laws_see_are_named_apart():
    subject = reference_subject(Traits(epsilon="outside", initial_weights="by_position"))
    found = {result.invariant: result.finding for result in examine(subject, ALONE, Budget(20)) if result.finding}
    assert found["linear_activation_keeps_initial_weights"].mechanism == "initial_weights: by_position"
    assert found["training_output_matches_reference"].mechanism == "epsilon: outside"


def test_an_answer_in_float32_of_a_float64_layer_is_computed_in_float32_whatever_its_numbers():
    """As on the torch backend of Keras: a Dense answers in float32, and what stands behind it in float64."""

    def bend(program, answer):
        if program["network"][-1]["layer"] == "Dense":
            for step in answer["steps"]:
                step.update({"y": step["y"].astype("float32")} if "y" in step else {})
        return answer

    law, case = LAWS["linear_activation_is_identity"], network_case((Dense(2), Linear()), 3, 2, 1.0, "float64", 1)
    zeros = SetState([{name: np.zeros_like(value) for name, value in layer.items()} for layer in case.steps[0].state])
    for each in (case, case.but(steps=(zeros, *case.steps[1:]))):
        assert mechanism(bent(bend), law, each) == "precision: single"


@pytest.mark.parametrize("known", [{"precision: single"}, {"variance: one_pass"}, {"precision: single", "rows: all"}])
def test_a_second_defect_is_found_beside_one_that_is_known(known):
    subject = reference_subject(Traits(precision="single", variance="one_pass"))
    case = layer_example([[10000.0], [10001.0], [9999.0]], dtype="float64", layer=BatchNorm())
    assert mechanism(subject, OUTPUT, case) == "unexplained"
    assert mechanism(subject, OUTPUT, case, known) == "precision: single; variance: one_pass"


def test_traits_under_which_the_reference_refuses_explain_nothing():
    """Less its last row, a batch of two is of one value a channel."""
    traits = Traits(batch_of_one="refused", gamma_gradient="raw_input")
    subject, case = reference_subject(traits), layer_example([[0.0], [8.0]], layer=BatchNorm())
    subject.conventions = measure(subject)
    assert mechanism(subject, LAWS["parameter_gradients_match_reference"], case) == "gamma_gradient: raw_input"
