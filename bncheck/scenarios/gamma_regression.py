"""A regression gets far worse with batch norm: is batch norm unfit for inputs that are not Gaussian?

The network is that of the question, which came down whole in one copy: Dense 128, batch norm, tanh, dropout 0.5; Dense
50, batch norm, tanh, dropout 0.5; Dense 1, batch norm, relu.  x is 10,000 draws of the generalised gamma distribution
with a = 1 and c = 70, moved by 10 and scaled by 100; y = sin x + cos x + √x; the last fifth is the test.  Adam, mean
squared error, 30 epochs of batches of 100.

Why: the distribution has nothing to do with it.  Neither network learns the data: without batch norm the inputs of
about 109 saturate every tanh, the network gives one number, and its error of 0.9 is that of the mean alone.  With a
batch norm at the output, that number is its beta, which starts at 0 and which Adam moves by about its learning rate of
0.001 a step: 2,400 steps take it to 2.4, and the targets lie at 10.5.  That distance is the error, in training mode as
in inference, so moving statistics are not what is wrong; more rows in larger batches make fewer steps and a larger
error.  Without the last batch norm the output layer has fifty weights to move, and gets there.  What is left is the
gap between the two modes: dropout in front of a batch norm puts a noise into its statistics that inference does not
have.  So: leave the output without batch norm, or scale the targets; and look at the error of the mean before an error
is called good.
"""

import numpy as np

from bncheck.cases.case import Case, Forward, State, Train
from bncheck.cases.network import Activation, Dense, Dropout
from bncheck.cases.training import KERAS_NORM, both_modes, column, mse
from bncheck.scenarios import Claim, Curve, lower, spread, verdict

ORIGIN = "https://ai.stackexchange.com/questions/16240"
VARIANTS = {
    "none": "no batch norm",
    "all": "batch norm after every Dense, the last included",
    "without the last": "batch norm after the first two",
    "large": "as all, with 100,000 rows in batches of 10,000",
}
OPTIONAL = {"large"}
TEST, TRAINING = "test mse", "test mse, training mode"
NUMBERS = {
    TEST: "after the last epoch, in inference",
    TRAINING: "the same weights with the statistics of batches of 100, dropout off",
    "training loss": "of the last epoch, as the framework reports it",
    "last beta": "the beta of the batch norm at the output",
    "mse of the mean": "of the training targets' mean, on the test rows",
}
PUBLISHED = {
    "none": {TEST: "0.902", "training loss": "2.6225"},
    "all": {TEST: "48.2", "training loss": "52.8232"},
}
CURVES = (Curve("val_loss", "test mse", log=True),)
FULL = {"rows": 10_000, "epochs": 30, "drop": 0.5}
SHORT = {"rows": 400, "epochs": 2, "drop": 0.0}


def data(rows, seed):
    """x, drawn as ``scipy.stats.gengamma`` draws after ``numpy.random.seed(seed)``, and y."""
    x = 10 + 100 * np.random.RandomState(seed).standard_gamma(1, rows) ** (1 / 70)
    return column(x), column(np.sin(x) + np.cos(x) + np.sqrt(x))


def network(variant, drop):
    norm = () if variant == "none" else (KERAS_NORM,)
    last = () if variant in ("none", "without the last") else (KERAS_NORM,)
    hidden = [(Dense(units), *norm, Activation("tanh"), Dropout(drop)) for units in (128, 50)]
    return (*hidden[0], *hidden[1], Dense(1), *last, Activation("relu"))


def measure(subject, variant, seed, *, rows, epochs, drop):
    times = 10 if variant == "large" else 1
    x, y = data(rows * times, seed)
    layers, held = network(variant, drop), len(x) * 4 // 5
    batch = rows // 100 * (100 if variant == "large" else 1)
    train = Train(x, y, batch_size=batch, epochs=epochs, validation=0.2)
    trace = subject.run(Case(layers, (train, State(), Forward(x[held:], False)), seed)).finish()
    state, history = trace.state(1), trace.history(0)
    in_training, _ = both_modes(subject, layers, state, x[held:], 100)
    found = {
        TEST: mse(y[held:], trace.y(2)),
        TRAINING: mse(y[held:], in_training),
        "training loss": history["loss"][-1],
        "mse of the mean": mse(y[held:], y[:held].mean(keepdims=True)),
        "val_loss": history["val_loss"],
    }
    return found | ({"last beta": float(state[-2]["beta"][0])} if "beta" in state[-2] else {})


def gap(variant):
    """A judge: training mode halves the error, or more."""

    def judge(found):
        test, training = found.of(variant, TEST), found.of(variant, TRAINING)
        return verdict(training < test / 2), f"training mode {spread(training)}, inference {spread(test)}"

    return judge


def far_from_mean(found):
    """Whether the network without batch norm halves the error of the mean."""
    none, mean = found.of("none", TEST), found.of("none", "mse of the mean")
    return verdict(none < mean / 2), f"{spread(none)}, and the mean alone has {spread(mean)}"


CLAIMS = (
    Claim(
        "batch norm after every Dense makes the test error far larger (ten times)", lower(TEST, "none", "all", times=10)
    ),
    Claim("dropping the last batch norm mends it", lower(TEST, "without the last", "all", times=10)),
    Claim("dropping the last batch norm is as good as none", lower(TEST, "without the last", "none")),
    Claim("N = 100,000 with batches of 10,000 mends it, too", lower(TEST, "large", "all", times=10)),
    Claim("with batch norm everywhere, more than half of the error is the gap between the two modes", gap("all")),
    Claim("without the last, more than half of the error is the gap between the two modes", gap("without the last")),
    Claim("without batch norm the network learns the data: less than half the error of the mean", far_from_mean),
)
