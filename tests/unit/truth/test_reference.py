"""The reference computes the law: checked with 60 digits, with difference quotients, and by formulas written here."""

from itertools import product

import mpmath
import numpy as np
import pytest

from bncheck.cases.case import Backward, Case, Fit, Forward, Freeze, SaveLoad, SetState, State, Track
from bncheck.cases.distributions import constant, generalised_gamma, normal, spike
from bncheck.cases.network import Activation, BatchNorm, Dense, Detached, Dropout, Linear
from bncheck.cases.strategies import batch_norm_state, data, fit_case, layer_case, network_state, width_after
from bncheck.truth import reference
from bncheck.truth.ball import magnitude
from bncheck.truth.traits import Traits

DIGITS = 60
FAR_BELOW = 1e-3
SHAPES = {(2, -1): (6, 2), (2, 1): (5, 3), (3, -1): (3, 4, 2), (4, 1): (2, 3, 2, 2), (5, -1): (2, 1, 2, 3, 2)}
DATA = [
    (normal, 0.0, 1.0),
    (normal, 1e4, 1.0),
    (generalised_gamma, -1e6, 1e3),
    (spike, 1.0, 1e-6),
    (constant, 3.0, 1.0),
]
SETTINGS = list(product(SHAPES, range(len(DATA)), ("float32", "float64")))


def a_case(place, kind, dtype):
    rng = np.random.default_rng([place[0], kind])
    distribution, offset, scale = DATA[kind]
    layer = BatchNorm(momentum=0.9, eps=1e-5, scale=kind != 1, center=kind != 1, axis=place[1])
    inputs = [data(rng, distribution, SHAPES[place], place[1], dtype, offset, scale) for _ in range(2)]
    state = [batch_norm_state(rng, layer, inputs[0].shape[place[1]], dtype, offset, scale)]
    return layer_case(layer, inputs, rng.normal(size=inputs[0].shape).astype(dtype), state)


class Precisely:
    """One batch norm with mpmath's numbers, channel by channel, from the definitions."""

    def __init__(self, case):
        self.case, self.layer = case, case.network[0]
        self.state = {name: [mpmath.mpf(float(v)) for v in value] for name, value in case.steps[0].state[0].items()}

    def run(self):
        with mpmath.workdps(DIGITS):
            return [self.step(step) for step in self.case.steps]

    def step(self, step):
        if isinstance(step, SetState):
            return {}
        if isinstance(step, State):
            return {"state": [{name: list(values) for name, values in self.state.items()}]}
        dy = getattr(step, "dy", np.zeros_like(step.x))
        columns = [self.channel(c, *each, step.training) for c, each in enumerate(self.columns(step.x, dy))]
        found = {"y": self.whole([y for y, *_ in columns], step.x.shape)}
        if isinstance(step, Backward):
            found["dx"] = self.whole([dx for _, dx, *_ in columns], step.x.shape)
            wanted = {"gamma": self.layer.scale, "beta": self.layer.center}
            found["params"] = [{n: [c[2][n] for c in columns] for n, there in wanted.items() if there}]
        return found

    def columns(self, *arrays):
        rows = [np.moveaxis(a, self.layer.axis, 0).reshape(a.shape[self.layer.axis], -1) for a in arrays]
        return zip(*[[[mpmath.mpf(float(v)) for v in row] for row in each] for each in rows], strict=True)

    def whole(self, columns, shape):
        order = list(shape)
        channels = order.pop(self.layer.axis)
        return np.moveaxis(np.array(columns, object).reshape(channels, *order), 0, self.layer.axis)

    def channel(self, c, x, dy, training):
        """y, dx and the parameters' gradients of one channel, by the Jacobian of each output."""
        n, one = len(x), mpmath.mpf(1)
        mean, variance = self.state["moving_mean"][c], self.state["moving_variance"][c]
        if training:
            keep = mpmath.mpf(self.layer.momentum)
            old_mean, old_variance = mean, variance
            mean = mpmath.fsum(x) / n
            variance = mpmath.fsum((v - mean) ** 2 for v in x) / n
            self.state["moving_mean"][c] = keep * old_mean + (one - keep) * mean
            self.state["moving_variance"][c] = keep * old_variance + (one - keep) * variance
        deviation = mpmath.sqrt(variance + mpmath.mpf(self.layer.eps))
        gamma = self.state["gamma"][c] if self.layer.scale else one
        beta = self.state["beta"][c] if self.layer.center else mpmath.mpf(0)
        normal = [(v - mean) / deviation for v in x]

        def slope(j, i):
            own = one if i == j else mpmath.mpf(0)
            return gamma / deviation * (own - (one + normal[i] * normal[j]) / n if training else own)

        dx = [mpmath.fsum(dy[j] * slope(j, i) for j in range(n)) for i in range(n)]
        params = {"gamma": mpmath.fsum(d * v for d, v in zip(dy, normal, strict=True)), "beta": mpmath.fsum(dy)}
        return [gamma * v + beta for v in normal], dx, params


def far_below(right, exact):
    """The largest distance of a ball's values from exact ones, as a share of the ball's bound."""
    shares = []
    parts = [getattr(right.value, "high", right.value), getattr(right.value, "low", np.zeros(right.shape))]
    for high, low, error, wanted in zip(*map(np.ravel, (*parts, right.error, exact)), strict=True):
        gap = abs(mpmath.mpf(float(high)) + mpmath.mpf(float(low)) - wanted)
        shares.append(float(gap / error) if gap else 0.0)
    return max(shares)


@pytest.mark.parametrize(("place", "kind", "dtype"), SETTINGS)
def test_the_reference_agrees_with_sixty_digits_far_below_its_bound(place, kind, dtype):
    case = a_case(place, kind, dtype)
    for right, exact in zip(reference.run(case), Precisely(case).run(), strict=True):
        with mpmath.workdps(DIGITS):
            for name in {"y", "dx"} & set(right):
                assert far_below(right[name], exact[name]) < FAR_BELOW
            for group in {"params", "state"} & set(right):
                assert right[group][0].keys() == exact[group][0].keys()
                for name, ball in right[group][0].items():
                    assert far_below(ball, np.array(exact[group][0][name], object)) < FAR_BELOW


def values(ball):
    return magnitude(ball.value) * np.where(ball.value < 0, -1.0, 1.0)


def output(network, state, x, dy, training, seed=0):
    """sum(y * dy) by the reference's float64, for difference quotients."""
    case = Case(network, (SetState(state), Forward(x, training)), seed)
    return float((values(reference.run(case)[1]["y"]) * dy).sum())


def quotients(function, array, step=1e-5):
    """The central difference quotients of a function for each number of an array."""
    found = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[i] += step
        down[i] -= step
        found[i] = (function(up) - function(down)) / (2 * step)
    return found


NETWORKS = [
    (BatchNorm(eps=1e-2),),
    (Dense(3), Activation("tanh"), Dense(2)),
    (Dense(2, bias=False), BatchNorm(), Activation("sigmoid"), Linear()),
    (BatchNorm(scale=False), Dropout(0.0), Dense(2), Activation("relu")),
    (Detached(Dense(2)), Dense(2), BatchNorm(center=False)),
]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("network", NETWORKS, ids=range(len(NETWORKS)))
def test_gradients_agree_with_difference_quotients(network, training):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(4, 3))
    dy = rng.normal(size=(4, width_after(network, 3)))
    state = network_state(rng, network, 3, "float64")
    right = reference.run(Case(network, (SetState(state), Backward(x, dy, training)), 0))[1]
    wanted = quotients(lambda a: output(network, state, a, dy, training), x)
    assert values(right["dx"]) == pytest.approx(wanted, rel=1e-5)
    for i, layer in enumerate(right["params"]):
        for name, ball in layer.items():

            def moved(array, i=i, name=name):
                return [own | {name: array} if k == i else own for k, own in enumerate(state)]

            wanted = quotients(lambda a, moved=moved: output(network, moved(a), x, dy, training), state[i][name])
            assert values(ball) == pytest.approx(wanted, rel=1e-5, abs=1e-9)


def least_squares(x, y, kernel, bias):
    """The loss and its gradients of a dense layer under the mean squared error."""
    gap = x @ kernel + bias - y
    return np.mean(gap**2), 2 * x.T @ gap / gap.size, 2 * gap.sum(axis=0) / gap.size


def trained(optimizer, epochs=2):
    case = fit_case((Dense(1),), optimizer, epochs, 3)
    weights, fit = {k: v.astype(np.float64) for k, v in case.steps[0].state[0].items()}, case.steps[1]
    return case, weights, fit


def test_sgd_moves_each_weight_against_its_gradient():
    case, weights, fit = trained({"name": "sgd", "learning_rate": 0.05})
    losses = []
    for _ in range(fit.epochs):
        for start in range(0, 24, 8):
            loss, *slopes = least_squares(fit.x[start : start + 8], fit.y[start : start + 8], **weights)
            losses.append(loss)
            weights = {n: w - 0.05 * g for (n, w), g in zip(weights.items(), slopes, strict=True)}
    right = reference.run(case)
    assert right[1]["loss"] == pytest.approx([np.mean(losses[:3]), np.mean(losses[3:])], rel=1e-12)
    for name, wanted in weights.items():
        assert values(right[2]["state"][0][name]) == pytest.approx(wanted, rel=1e-12)


def test_adam_is_algorithm_one_of_its_paper():
    case, weights, fit = trained({"name": "adam", "learning_rate": 0.01})
    m, v, t = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0), 0
    for _ in range(fit.epochs):
        for start in range(0, 24, 8):
            t += 1
            _, *slopes = least_squares(fit.x[start : start + 8], fit.y[start : start + 8], **weights)
            for name, g in zip(list(weights), slopes, strict=True):
                m[name], v[name] = 0.9 * m[name] + 0.1 * g, 0.999 * v[name] + 0.001 * g**2
                step = m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
                weights[name] = weights[name] - 0.01 * step
    for name, wanted in weights.items():
        assert values(reference.run(case)[2]["state"][0][name]) == pytest.approx(wanted, rel=1e-9)


def test_a_frozen_layer_uses_its_moving_statistics_and_keeps_them():
    x = np.array([[0.0], [8.0]], np.float32)
    state = [{"gamma": np.ones(1, "f4"), "beta": np.zeros(1, "f4"), "moving_mean": np.ones(1, "f4")}]
    state[0]["moving_variance"] = np.full(1, 4, "f4")
    steps = (SetState(state), Freeze(0, True), Forward(x, True), State(), Freeze(0, False), Forward(x, True), State())
    right = reference.run(Case((BatchNorm(),), steps))
    assert values(right[2]["y"]).ravel() == pytest.approx([-1 / 2, 7 / 2], rel=1e-3)
    assert values(right[3]["state"][0]["moving_mean"]) == 1
    assert values(right[6]["state"][0]["moving_mean"]) == pytest.approx(0.9 * 1 + 0.1 * 4)


def test_a_layer_that_does_not_track_normalises_with_the_batch_and_keeps_its_statistics():
    x = np.array([[0.0], [8.0]])
    state = [{name: np.ones(1) for name in ("gamma", "beta", "moving_mean", "moving_variance")}]
    steps = (SetState(state), Track(0, False), Forward(x, True), State(), Track(0, True), Forward(x, True), State())
    for value, mean in (("keeps_state", 1.0), ("updates", 0.9 + 0.1 * 4)):
        found = reference.run_in_dtype(Case((BatchNorm(),), steps), Traits(tracking_off=value))
        assert found[2]["y"].ravel() == pytest.approx([0, 2], abs=1e-3)
        assert found[3]["state"][0]["moving_mean"] == pytest.approx(mean)
        assert found[6]["state"][0]["moving_mean"] == pytest.approx(0.9 * mean + 0.1 * 4)


def test_a_frozen_layer_is_not_trained():
    case = fit_case((Dense(2), Dense(1)), {"name": "sgd", "learning_rate": 0.05}, 1, 1)
    steps = (case.steps[0], Freeze(0, True), *case.steps[1:])
    state = reference.run(case.but(steps=steps))[3]["state"]
    assert (values(state[0]["kernel"]) == case.steps[0].state[0]["kernel"]).all()
    assert (values(state[1]["kernel"]) != case.steps[0].state[1]["kernel"]).any()


def test_saving_and_loading_changes_nothing():
    case = a_case((2, -1), 0, "float32")
    again = reference.run(case.but(steps=(case.steps[0], SaveLoad(), *case.steps[1:])))
    assert (again[2]["y"].value == reference.run(case)[1]["y"].value).all()


def test_dropout_that_drops_is_not_simulated():
    case = Case((Dropout(0.5),), (Forward(np.ones((2, 1), np.float32), True),))
    with pytest.raises(NotImplementedError, match="dropout"):
        reference.run(case)


def test_initial_weights_depend_on_the_seed_and_on_the_layers_that_have_weights():
    def kernel(network, seed=1):
        case = Case(network, (State(),), seed, ((2, 3), "float32"))
        return reference.initial_state(case, Traits())[-1]["kernel"]

    plain = kernel((Dense(2), Dense(2)))
    assert (kernel((Dense(2), Linear(), Dropout(), Dense(2))) == plain).all()
    assert (kernel((Dense(2), Dense(2)), seed=2) != plain).any()
    assert np.abs(plain).max() <= np.sqrt(6 / 4)


def test_initial_statistics_are_those_of_a_fresh_layer():
    case = Case((BatchNorm(center=False),), (Forward(np.zeros((2, 3, 4), np.float32), False),))
    state = reference.initial_state(case, Traits())[0]
    assert {name: value.tolist() for name, value in state.items()} == {
        "moving_mean": [0] * 4,
        "moving_variance": [1] * 4,
        "gamma": [1] * 4,
    }


def test_fitting_needs_an_optimiser_that_is_known():
    case = fit_case((Dense(1),), {"name": "lion", "learning_rate": 0.1}, 1, 1)
    assert isinstance(case.steps[1], Fit)
    with pytest.raises(KeyError, match="lion"):
        reference.run(case)
