import numpy as np
import pytest

from bncheck.engine.plainer import cost, digits, fillings


def test_zeros_and_ones_cost_nothing_to_read():
    assert cost(np.array([[0.0, 1.0], [1.0, -0.0]])) == 0


def test_fewer_digits_cost_less():
    costs = [cost(np.array([value], np.float32)) for value in (0.123456, 0.12, 8.0)]
    assert costs == sorted(costs, reverse=True)


def test_data_are_first_tried_as_zero_eight_sixteen():
    plainest = next(fillings(np.full((3, 2), 0.5, np.float32), "x"))
    assert plainest.tolist() == [[0, 0], [8, 8], [16, 16]]
    assert plainest.dtype == np.float32


@pytest.mark.parametrize("name", ["x", "dy", "y", "gamma", "kernel"])
@pytest.mark.parametrize("shape", [(2,), (3, 1), (2, 3, 2)])
def test_a_filling_has_the_arrays_shape_and_dtype(name, shape):
    array = np.full(shape, 0.25, np.float64)
    found = list(fillings(array, name))
    assert {(each.shape, each.dtype) for each in found} == {(shape, array.dtype)}
    assert len({each.tobytes() for each in found}) > 1


def test_a_fresh_layers_weights_are_the_plainest():
    array = np.full(2, 0.25)
    assert [next(fillings(array, name)).tolist() for name in ("gamma", "beta", "moving_mean", "moving_variance")] == [
        [1, 1],
        [0, 0],
        [0, 0],
        [1, 1],
    ]


def test_digits_come_back_one_by_one():
    found = [each.tolist() for each in digits(np.array([123.456, -0.0678]))]
    assert found == [[0, 0], [1, -1], [0, -0.0678 - 123.456], [123, -0.0], [100, -0.07], [120, -0.068], [123, -0.0678]]


def test_numbers_that_are_not_finite_stay():
    for each in digits(np.array([1.0, np.nan, np.inf, -np.inf], np.float32)):
        assert np.isnan(each[1])
        assert each[2:].tolist() == [np.inf, -np.inf]
        assert each.dtype == np.float32
