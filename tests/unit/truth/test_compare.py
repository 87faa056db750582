import numpy as np
import pytest

from bncheck.truth.ball import Ball
from bncheck.truth.bounds import balls
from bncheck.truth.compare import Violation, alike, close, close_to, near, same_bits, same_state


def ball(values, error, dtype="float32"):
    ar = balls(dtype)
    return Ball(ar, ar.lift(np.array(values)), np.array(error, float))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_margin_is_the_largest_share_of_what_is_allowed(dtype):
    right = ball([1.0, 2.0], [0.5, 1.0], dtype)
    assert close("output", np.array([1.25, 2.0]), right) == 0.5


def test_a_violation_tells_where_it_is_worst_and_the_numbers_there():
    right = ball([[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(Violation) as raised:
        close("output", np.array([[1.0, 2.75], [4.5, 4.0]], np.float32), right)
    found = raised.value
    assert (found.what, found.where) == ("the output differs", [1, 0])
    assert (found.actual, found.expected, found.allowed) == (4.5, 3.0, 0.5)


def test_the_arrays_of_a_lone_number_are_arrays():
    """A loss has rank 0, of which arithmetic makes a scalar."""
    right = balls(np.float32).exact(np.array(1.0)) * balls(np.float32).exact(np.array(3.0))
    with pytest.raises(Violation) as caught:
        close("loss", np.array(2.0, np.float32), right)
    assert {name: (type(each), each.shape) for name, each in caught.value.arrays.items()} == dict.fromkeys(
        ("actual", "expected", "allowed"), (np.ndarray, ())
    )


def test_a_number_without_an_error_must_be_exact():
    assert close("output", np.array([1.0]), ball([1.0], [0.0])) == 0
    with pytest.raises(Violation):
        close("output", np.nextafter(np.array([1.0], np.float32), 2), ball([1.0], [0.0]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_a_violation(wrong):
    with pytest.raises(Violation):
        close("output", np.array([wrong]), ball([1.0], [0.5]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 7.0])
def test_where_the_dtype_may_overflow_anything_goes(wrong):
    assert close("output", np.array([wrong]), ball([1.0], [np.inf])) == 0


def test_another_shape_is_a_violation():
    with pytest.raises(Violation) as raised:
        close("output", np.zeros((2, 1)), ball([1.0], [0.5]))
    assert (raised.value.what, raised.value.actual, raised.value.expected) == (
        "the output has another shape",
        [2, 1],
        [1],
    )


def test_a_target_may_be_missed_by_as_much_as_the_exact_value_misses_it():
    right = ball([1.5], [0.25])
    assert close_to("output", np.array([1.75]), np.array([1.0]), right) == 1.0
    with pytest.raises(Violation):
        close_to("output", np.array([1.8]), np.array([1.0]), right)


def test_two_arrays_of_one_subject_are_compared_with_what_is_allowed_between_them():
    one, other = np.array([1.0, 2.0], np.float32), np.array([1.0, 2.5], np.float32)
    assert near("output", one, other, np.array([0.1, 1.0])) == 0.5
    with pytest.raises(Violation):
        near("output", one, other, np.array([0.1, 0.1]))
    with pytest.raises(Violation):
        near("output", one, other[:1], 1.0)


def test_two_equal_infinities_are_near():
    assert near("output", np.array([np.inf]), np.array([np.inf]), 0.5) == 0


def test_nan_is_near_nothing():
    with pytest.raises(Violation):
        near("output", np.array([np.nan]), np.array([1.0]), 0.5)


def test_bits_are_the_same_or_the_first_that_differs_is_told():
    one = np.array([1.0, np.nan, 3.0], np.float32)
    assert same_bits("output", one, one.copy()) == 0
    with pytest.raises(Violation) as raised:
        same_bits("output", np.array([1.0, np.nan, np.nextafter(np.float32(3), 4)], np.float32), one)
    assert raised.value.where == [2]
    assert raised.value.allowed == 0


@pytest.mark.parametrize("other", [np.zeros(2, np.float64), np.zeros((2, 1), np.float32)])
def test_another_dtype_or_shape_is_not_the_same(other):
    with pytest.raises(Violation, match="another shape or type"):
        same_bits("output", np.zeros(2, np.float32), other)


def test_states_are_the_same_array_by_array():
    state = [{"gamma": np.ones(2)}, {}]
    assert same_state("after inference", state, [{"gamma": np.ones(2)}, {}]) == 0
    with pytest.raises(Violation, match="the gamma of layer 0 after inference differs"):
        same_state("after inference", [{"gamma": np.zeros(2)}, {}], state)
    with pytest.raises(Violation, match="after inference: layer 1 has other weights"):
        same_state("after inference", [{"gamma": np.ones(2)}, {"beta": np.ones(2)}], state)


def test_states_of_another_number_of_layers_are_a_violation():
    with pytest.raises(Violation, match="number of layers"):
        same_state("after", [{}], [{}, {}])


def test_a_zero_of_the_other_sign_has_other_bits():
    with pytest.raises(Violation):
        same_bits("zero", np.array([-0.0], np.float32), np.array([0.0], np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_results_differ_by_what_their_exact_values_differ_by(dtype):
    one, other = ball([3.0], [0.25], dtype), ball([1.0], [0.75], dtype)
    assert alike("variance", np.array([3.5]), np.array([1.0]), one, other) == pytest.approx(0.5)
    with pytest.raises(Violation):
        alike("variance", np.array([1.0]), np.array([1.0]), one, other)


def test_what_the_reference_itself_is_off_by_is_no_difference():
    one, other = ball([1.0], [1e-7]), ball([1.0 + 2.0**-52], [1e-7])
    assert alike("variance", np.array([1e-9]), np.array([1e-9]), one, other) == 0


def test_two_results_of_which_one_may_overflow_are_alike():
    assert alike("variance", np.array([7.0]), np.array([np.nan]), ball([1.0], [1.0]), ball([np.nan], [np.inf])) == 0


def test_an_infinity_that_is_right_is_the_same_infinity():
    right = balls("float32").exact(np.array([np.inf, -np.inf, np.nan, 1.0]))
    assert close("number", np.array([np.inf, -np.inf, np.nan, 1.0], np.float32), right) == 0
    with pytest.raises(Violation):
        close("number", np.array([-np.inf, -np.inf, np.nan, 1.0], np.float32), right)
