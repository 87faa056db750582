import numpy as np
import pytest

from bncheck.cases.case import Case, Fit, SetState, State, Train
from bncheck.cases.network import Activation, BatchNorm, Dense
from bncheck.cases.strategies import network_state
from bncheck.truth import reference, training
from bncheck.truth.compare import close

NETWORK = (Dense(3), BatchNorm(), Activation("tanh"), Dense(1), Activation("sigmoid"))
RNG = np.random.default_rng(0)
X, STATE = RNG.normal(size=(24, 2)), network_state(RNG, NETWORK, 2, "float64")
Y = (X[:, :1] > 0).astype(float)
SGD = {"name": "sgd", "learning_rate": 0.05}


def trained(step, seed=0):
    trace = reference.run_in_dtype(Case(NETWORK, (SetState(STATE), step, State()), seed))
    return trace[1]["history"], trace[2]["state"]


@pytest.mark.parametrize("optimizer", [SGD, {"name": "adam", "learning_rate": 0.01}])
def test_without_shuffling_it_is_fit(optimizer):
    history, state = trained(Train(X, Y, "mse", optimizer, 8, 2, shuffle=False))
    exact = reference.run(Case(NETWORK, (SetState(STATE), Fit(X, Y, "mse", optimizer, 8, 2), State())))
    assert history["loss"] == pytest.approx(exact[1]["loss"])
    for own, right in zip(state, exact[2]["state"], strict=True):
        for name, ball in right.items():
            close(name, own[name], ball)


def test_the_last_rows_are_held_out_and_judged_in_inference():
    history, state = trained(Train(X, Y, "mse", SGD, 8, 1, shuffle=False, validation=0.25, accuracy=True))
    fit, own = trained(Train(X[:18], Y[:18], "mse", SGD, 8, 1, shuffle=False))
    assert history["loss"] == fit["loss"]
    assert (state[0]["kernel"] == own[0]["kernel"]).all()
    assert sorted(history) == ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_the_seed_shuffles():
    step = Train(X, Y, "mse", SGD, 8, 2)
    assert trained(step, 1)[0] == trained(step, 1)[0] != trained(step, 2)[0]


def test_cross_entropy_falls_along_its_gradient():
    y, wanted = np.array([[0.2], [0.9], [0.6]]), np.array([[0.0], [1.0], [0.0]])
    loss, gradient = training.LOSSES["binary_crossentropy"](y, wanted)
    for i in range(3):
        moved = y.copy()
        moved[i] += 1e-6
        slope = (training.LOSSES["binary_crossentropy"](moved, wanted)[0] - loss) / 1e-6
        assert slope == pytest.approx(gradient[i, 0], rel=1e-4)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_the_frameworks_own(nesterov):
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    theirs = torch.optim.SGD([weight], lr=0.1, momentum=0.9, nesterov=nesterov)
    settings = {"learning_rate": 0.1, "momentum": 0.9, "nesterov": nesterov}
    ours, state = training.Momentum(training.Plain("float64"), settings), [{"bias": np.array([1.0, -2.0])}]
    for gradient in ([1.0, 0.5], [0.5, -0.25], [0.25, 2.0]):
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        theirs.step()
        ours.apply(state, [{"bias": np.array(gradient)}])
    assert state[0]["bias"] == pytest.approx(weight.detach().numpy())


def test_numbers_with_bounds_follow_no_shuffled_training():
    with pytest.raises(NotImplementedError, match="no order of rows"):
        reference.run(Case(NETWORK, (Train(X, Y),)))
