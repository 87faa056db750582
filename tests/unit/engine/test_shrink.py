from dataclasses import replace

import numpy as np
import pytest
from fake_subjects import bent

from bncheck.cases.case import Backward, Case, Fit, Forward, SetState, State
from bncheck.cases.edge_strategies import masked_example
from bncheck.cases.network import Activation, BatchNorm, Dense, Linear
from bncheck.cases.strategies import batch_norm_state, fit_case, layer_case, network_case
from bncheck.engine import shrink
from bncheck.engine.confirm import violation
from bncheck.engine.examine import Budget, examine
from bncheck.engine.pair import Pair
from bncheck.engine.shrink import smallest
from bncheck.invariants import load_all
from bncheck.truth.compare import Violation
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAWS = load_all()
OUTPUT = LAWS["training_output_matches_reference"]


def drawn(shape=(257, 9), dtype="float32", layer=BatchNorm(0.5, 1e-2), seed=0, offset=0.0):  # noqa: B008 (frozen)
    rng = np.random.default_rng(seed)
    x, again = (rng.normal(size=shape).astype(dtype) + np.dtype(dtype).type(offset) for _ in range(2))
    state = batch_norm_state(rng, layer, shape[layer.axis], dtype, offset)
    return layer_case(layer, [x, again], rng.normal(size=shape).astype(dtype), [state], 77)


def two_rows():
    whole = drawn((2, 1))
    steps = [replace(s, x=np.array([[0], [8]], np.float32)) if hasattr(s, "x") else s for s in whole.steps]
    return whole.but(steps=tuple(steps))


def judged(predicate):
    """A law that a subject named bent breaks wherever the predicate is true."""

    def check(subject, case):
        if subject.name == "bent" and predicate(case):
            raise Violation("it differs", [0], 1.0, 0.0, 0.5)
        return 0.0

    return replace(OUTPUT, check=check, examples=())


def shrunk(case, predicate, **options):
    law, subject = judged(predicate), bent(lambda program, answer: answer)
    found = violation(subject, law, case)
    assert found, "the case to begin with fails"
    case, found = smallest(subject, law, case, found, **options)
    assert violation(subject, law, case)
    return case


def first(case):
    return case.first_x


def test_a_case_that_always_fails_becomes_two_rows_of_one_number():
    case = shrunk(drawn(), lambda case: True)
    assert first(case).tolist() == [[0], [8]]
    assert case.layer == BatchNorm()
    assert case.seed == 1
    assert {name: value.tolist() for name, value in case.steps[0].state[0].items()} == {
        "gamma": [1],
        "beta": [0],
        "moving_mean": [0],
        "moving_variance": [1],
    }


def test_a_mask_with_one_value_for_all_places_of_an_axis_keeps_it():
    case = shrunk(masked_example(np.arange(12.0).reshape(1, 3, 2, 2), [[[True], [True], [False]]]), lambda case: True)
    (step,) = case.where(Forward)
    assert case.steps[step].mask.ndim == first(case).ndim - 1
    assert case.steps[step].mask.shape[:2] == first(case).shape[:2]


def test_only_the_rows_and_channels_that_fail_are_left():
    case = shrunk(drawn(), lambda case: (first(case) > 2.5).any())
    assert first(case).shape == (2, 1)


def test_a_failure_of_one_channel_among_many_is_found():
    marked = drawn((33, 65))
    marked.steps[1].x[5, 41] = 1e6
    case = shrunk(marked, lambda case: (np.abs(first(case)) >= 1e6).any())
    assert first(case).shape == (2, 1)


def test_a_failure_of_many_rows_keeps_no_more_than_it_needs():
    case = shrunk(drawn(), lambda case: len(first(case)) >= 17)
    assert 17 <= len(first(case)) <= 33
    assert first(case).shape[1] == 1


def test_long_batches_that_fail_with_nearly_all_rows_still_get_plain_numbers():
    case = shrunk(drawn((257, 4)), lambda case: len(first(case)) > 250)
    assert first(case).shape[1] == 1
    assert first(case)[:3].ravel().tolist() == [0, 8, 16]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_kept(dtype):
    case = shrunk(drawn(dtype=dtype), lambda case: True)
    assert case.dtype == dtype
    assert {value.dtype for value in case.steps[0].state[0].values()} == {np.dtype(dtype)}


@pytest.mark.parametrize(("shape", "axis"), [((5, 3, 4), -1), ((5, 4, 3, 2), 1), ((3, 2, 3, 4, 2), 1)])
def test_a_rank_that_does_not_matter_becomes_two(shape, axis):
    case = shrunk(drawn(shape, layer=BatchNorm(axis=axis)), lambda case: True)
    assert case.shape == (2, 1)
    assert case.layer.axis == -1


def test_a_rank_that_matters_is_kept():
    case = shrunk(drawn((5, 4, 3, 2), layer=BatchNorm(axis=1)), lambda case: len(case.shape) == 4)
    assert case.shape == (2, 1, 1, 1)
    assert case.layer.axis == 1


def test_steps_that_do_not_matter_are_removed():
    case = shrunk(drawn(), lambda case: case.where(Backward, training=True))
    assert [type(step) for step in case.steps] == [SetState, Backward]


def test_a_case_always_has_an_input():
    case = shrunk(drawn(), lambda case: case.where(State))
    assert len(case.steps) == 3
    assert case.shape == (2, 1)


def test_numbers_lose_the_digits_that_do_not_matter():
    case = shrunk(drawn(offset=12345.678), lambda case: first(case).max() > 12340.5)
    assert first(case).tolist() == [[1_000_000], [1_000_008]]


def test_a_number_that_matters_keeps_its_digits():
    marked = drawn()
    marked.steps[1].x[3, 0] = 1.2345678
    wanted = np.float32(1.2345678)
    case = shrunk(marked, lambda case: (first(case) == wanted).any())
    assert sorted(first(case).ravel().tolist()) == sorted([0.0, float(wanted)])


def test_equal_inputs_stay_equal():
    case = shrunk(drawn(), lambda case: len(case.where(Backward)) == 2 and first(case).std() > 0)
    one, other = (case.steps[i].x for i in case.where(Backward))
    assert np.array_equal(one, other)


def test_a_network_loses_the_layers_that_do_not_matter():
    network = (Dense(3), Activation("relu"), Linear(), BatchNorm(), Dense(2))
    case = shrunk(network_case(network, 8, 4, 1.0, "float32", 5), lambda case: Linear() in case.network)
    assert case.network == (Linear(),)


def test_layers_without_a_state_become_narrow():
    case = Case((Dense(5), Linear(), Dense(4)), (State(),), 999, ((2, 5), "float32"))
    case = shrunk(case, lambda case: sum(isinstance(layer, Dense) for layer in case.network) == 2)
    assert (case.network, case.input, case.seed) == ((Dense(1), Dense(1)), ((2, 1), "float32"), 1)


def test_training_is_cut_to_one_epoch_of_small_batches():
    whole = fit_case((Dense(2), Linear(), Dense(1)), {"name": "sgd", "learning_rate": 0.05}, 2, 9)
    case = shrunk(whole, lambda case: len(case.first_x) > case.steps[1].batch_size)
    assert isinstance(case.steps[1], Fit)
    assert (case.steps[1].epochs, case.steps[1].batch_size, len(case.first_x)) == (1, 2, 3)


def test_a_case_that_the_reference_fails_is_no_smaller_case():
    """It is no case of the law any more."""

    def check(subject, case):
        if len(case.first_x) < 5 or subject.name == "bent":
            raise Violation("it differs", [0], 1.0, 0.0, 0.5)
        return 0.0

    subject, law = bent(lambda program, answer: answer), replace(OUTPUT, check=check)
    case, _ = smallest(subject, law, drawn(), Violation("it differs", [0], 1.0, 0.0, 0.5))
    assert 5 <= len(case.first_x) <= 8


def test_numbers_that_differ_do_not_turn_into_an_overflow_or_an_exception():
    def check(subject, case):
        if subject.name == "bent":
            raise Violation("it differs", [0], 1.0 if len(case.first_x) > 2 else float("inf"), 0.0, 0.5)
        return 0.0

    subject, law = bent(lambda program, answer: answer), replace(OUTPUT, check=check)
    case, found = smallest(subject, law, drawn(), Violation("it differs", [0], 1.0, 0.0, 0.5))
    assert (len(case.first_x), found.actual) == (3, 1.0)


def test_tries_are_bounded(monkeypatch):
    asked = []
    monkeypatch.setattr(shrink, "TRIES", 25)
    shrunk(drawn(), lambda case: asked.append(1) or (first(case) > 2.5).any())
    assert len(asked) <= 25 + 2


def test_the_user_can_stop_it():
    whole = drawn()
    assert shrunk(whole, lambda case: True, stop=lambda: True) is whole


def test_the_smallest_case_is_always_the_same():
    cases = [shrunk(drawn(), lambda case: (first(case) > 2).any()).digest for _ in range(2)]
    assert cases[0] == cases[1]


def test_no_law_of_the_folder_needs_half_of_the_tries(monkeypatch):
    """A try takes a tenth of a second on an old framework."""
    monkeypatch.setattr(shrink, "TRIES", 200)
    for law in LAWS.values():
        mutant = reference_subject(law.mutant())
        subject = Pair(reference_subject(), mutant) if law.differential else mutant
        found = examine(subject, [replace(law, examples=())], Budget(60))[0].finding
        size, *least = (
            max(getattr(step, "x", np.zeros(0)).size for step in case.steps) for case in (found.case, *law.examples)
        )
        assert size <= max(9, min(least)), law.name
        assert len(found.case.network) <= 3, law.name


def test_a_variance_in_one_pass_is_shown_on_a_few_rows_of_one_channel():
    law = replace(OUTPUT, examples=())
    for seed in range(3):
        found = examine(reference_subject(Traits(variance="one_pass")), [law], Budget(60, seed=seed))[0].finding
        assert found.case.shape[0] <= 4
        assert np.prod(found.case.shape[1:]) == 1


def test_numbers_that_are_plain_already_are_kept():
    assert first(shrunk(two_rows(), lambda case: True)).tolist() == [[0], [8]]


def test_two_rows_of_plain_numbers_are_tried_first():
    tried = []
    shrunk(drawn((257, 9)), lambda case: len(first(case)) > 2 or tried.append(first(case).tolist()))
    assert tried[:2] == [[[0], [8]], [[np.float32(0.1)], [np.float32(8.1)]]]


def test_initial_weights_by_position_are_shown_on_three_layers_or_fewer():
    law = LAWS["linear_activation_keeps_initial_weights"]
    found = examine(reference_subject(law.mutant()), [law], Budget(60))[0].finding
    assert len(found.case.network) <= 3
    assert all(isinstance(step, Forward | State) for step in found.case.steps)
