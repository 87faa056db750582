"""A batch norm on the output of a regression makes it up to five times worse: does it?

The question fits four parameters to curves of 1000 points (x, y) and shows no data; the family here is damped
oscillations, y = A exp(-x / B) sin(C x) + D for x in [0, 10], with noise of 0.05; A in [1, 3], B in [2, 8], C in [1,
4] and D in [-1, 1], all uniform.  2,000 curves of 2 × 1000 numbers; Dense 64, relu, Dense 32, relu, Dense 4, with and
without a batch norm behind it; Adam, mean squared error, 30 epochs of batches of 32, the last fifth held out.  The
parameters are given as they are, and divided by their spread after their mean is taken off.

Why: an output that ends in a batch norm has, in each batch, the mean beta and the standard deviation gamma, whatever
the rows of the batch are.  Two things follow.  Beta and gamma have to get to the mean and the spread of the targets,
and Adam takes a step for each thousandth: 1,500 steps go 1.5 far, and B lies at 5.  Scaled targets need no such way.
And a batch of 32 whose own targets have a mean of 0.2 cannot be given it: the network loses that in training, and in
inference the moving statistics, which trail behind the weights by a hundred steps, have to fit an output that nothing
behind them can mend.  They fit worse the further a step moves what is normalised.  Half of the 2,000 inputs are the x
of the curve, the same in every row: a batch norm behind them takes off whatever their weights add, so that these
weights have no gradient on paper, and in float32 one of rounding alone.  Adam divides a gradient by its own size, and
so takes full steps on rounding, unless its epsilon is larger.  At torch's default of 1e-8 the mean of a first layer's
unit wanders by many times its spread, and inference is lost, however good training mode is; at Keras's 1e-7 it is lost
now and then; at 1e-6 inference is better than training mode in all three frameworks.  So: leave constant inputs out,
and where the validation loss jumps while the training loss falls, look at Adam's epsilon.
"""

import numpy as np

from bncheck.cases.case import Case, Forward, State, Train
from bncheck.cases.network import Activation, Dense
from bncheck.cases.training import KERAS_NORM, both_modes
from bncheck.scenarios import Claim, Curve, digits, lower, spread, verdict

ORIGIN = "https://discuss.ai.google.dev/t/31604"
RAW, RAW_NORM = "raw targets", "raw targets, batch norm"
SCALED, SCALED_NORM = "scaled targets", "scaled targets, batch norm"
EVERYWHERE, DAMPED = "scaled targets, batch norm everywhere", "batch norm everywhere, epsilon 1e-6"
VARIANTS = {
    RAW: "A, B, C and D as they are; the output is a Dense layer",
    RAW_NORM: "A, B, C and D as they are; batch norm behind it",
    SCALED: "mean 0, variance 1; the output is a Dense layer",
    SCALED_NORM: "mean 0, variance 1; batch norm behind it",
    EVERYWHERE: "as before, and batch norm in front of each relu, too",
    DAMPED: "the same, and Adam's epsilon is 1e-6; Keras's default is 1e-7, torch's 1e-8",
}
ERROR, TRAINING = "error", "error, training mode"
NUMBERS = {
    ERROR: "test mse as a share of each parameter's variance, their mean, in inference",
    TRAINING: "the same weights with the statistics of batches of 32",
}
PUBLISHED = {RAW_NORM: {ERROR: "up to 5 times"}, SCALED_NORM: {ERROR: "later: little difference"}}
CURVES = (Curve("val_loss", "validation mse", log=True),)
FULL = {"rows": 2000, "points": 1000, "epochs": 30}
SHORT = {"rows": 200, "points": 20, "epochs": 2}
LOW, HIGH = np.array([1.0, 2.0, 1.0, -1.0]), np.array([3.0, 8.0, 4.0, 1.0])
BATCH = 32


def data(rows, points, seed):
    """Curves as rows of x and y side by side, and their parameters."""
    rng = np.random.default_rng(seed)
    parameters = rng.uniform(LOW, HIGH, (rows, 4))
    a, b, c, d = parameters.T[:, :, None]
    x = np.broadcast_to(np.linspace(0, 10, points), (rows, points))
    y = a * np.exp(-x / b) * np.sin(c * x) + d + rng.normal(0, 0.05, x.shape)
    return np.concatenate([x, y], axis=1).astype(np.float32), parameters


def network(variant):
    last = (KERAS_NORM,) if "batch norm" in variant else ()
    hidden = (KERAS_NORM,) if variant in (EVERYWHERE, DAMPED) else ()
    relu = Activation("relu")
    return (Dense(64), *hidden, relu, Dense(32), *hidden, relu, Dense(4), *last)


def measure(subject, variant, seed, *, rows, points, epochs):
    x, y = data(rows, points, seed)
    held = rows * 4 // 5
    if variant not in (RAW, RAW_NORM):
        y = (y - y[:held].mean(axis=0)) / y[:held].std(axis=0)
    layers, variance = network(variant), y[held:].var(axis=0)
    adam = {"name": "adam", **({"eps": 1e-6} if variant == DAMPED else {})}
    train = Train(x, y.astype(np.float32), "mse", adam, BATCH, epochs, validation=0.2)
    trace = subject.run(Case(layers, (train, State(), Forward(x[held:], False)), seed)).finish()
    in_training, _ = both_modes(subject, layers, trace.state(1), x[held:], BATCH)
    return {
        ERROR: float(np.mean((trace.y(2) - y[held:]) ** 2 / variance)),
        TRAINING: float(np.mean((in_training - y[held:]) ** 2 / variance)),
        "val_loss": trace.history(0)["val_loss"],
    }


def times(one, other, most):
    """A judge: the variant's error is less than so many times the other's."""

    def judge(found):
        ratio = found.of(one, ERROR) / found.of(other, ERROR)
        return verdict(ratio < most), f"{spread(ratio)} times the error; {_both(found, one, other)}"

    return judge


def _both(found, one, other):
    return " against ".join(digits(np.median(found.of(variant, ERROR))) for variant in (one, other))


def kept(variant):
    """A judge: inference has less than twice the error of training mode."""

    def judge(found):
        training, inference = found.of(variant, TRAINING), found.of(variant, ERROR)
        return verdict(inference < 2 * training), f"training mode {spread(training)}, inference {spread(inference)}"

    return judge


CLAIMS = (
    Claim("batch norm on the output makes it worse, targets as they are", lower(ERROR, RAW, RAW_NORM)),
    Claim("it is five times worse", lower(ERROR, RAW, RAW_NORM, times=5)),
    Claim("later in the thread: little difference (less than twice), targets as they are", times(RAW_NORM, RAW, 2)),
    Claim("little difference (less than twice) with scaled targets", times(SCALED_NORM, SCALED, 2)),
    Claim("with scaled targets batch norm on the output is better", lower(ERROR, SCALED_NORM, SCALED)),
    Claim("batch norm everywhere: inference keeps what training mode reached (less than twice)", kept(EVERYWHERE)),
    Claim("the same with Adam's epsilon at 1e-6", kept(DAMPED)),
)
