"""A step function is learnt no better with batch norm behind the tanh: why, and why slower than a normalised input?

X is 0, 1, … 24,999 and y is whether X ≥ 12,500.  Dense 20, tanh, batch norm or none, Dense 1, sigmoid; binary
cross-entropy, Adam, 10 epochs of batches of 20, the rows shuffled by the framework.

Why: batch norm normalises what it is given, and a tanh of w·X with X up to 25,000 gives 1 or −1: the unit has one
value for all rows, so there is nothing left to normalise.  Its output is beta, the same for every row, and no gradient
comes through a saturated tanh to change w.  A batch norm in front of the tanh, or a normalised input, keeps the
information.  It does harm, too: a unit that is constant in a batch has a variance of zero there, so epsilon alone
divides, and inference, whose moving variance has seen the few batches that were not constant, is another function than
the one that was trained.  With a normalised input batch norm has something to work on, and is still slower: every
batch of 20 has another mean and another variance, so that a row near the step gets another value in each of them, and
a step function has to be exact just there.  In inference those statistics stand still, so the same weights do better
than the accuracy of training says.
"""

import numpy as np

from bncheck.cases.case import Case, State, Train
from bncheck.cases.network import Activation, Dense
from bncheck.cases.training import KERAS_NORM, both_modes, column, cross_entropy, share_right
from bncheck.scenarios import Claim, Curve, lower, spread, verdict

ORIGIN = ""
VARIANTS = {
    "nothing": "X as it is, no batch norm",
    "batch norm": "X as it is, batch norm after the tanh",
    "normalised input": "X less its mean, over its standard deviation; no batch norm",
    "both": "normalised input, and batch norm after the tanh",
}
FIRST, LAST, SATURATED = "accuracy, epoch 1", "accuracy, last epoch", "saturated units"
TRAINING, INFERENCE = "loss, training mode", "loss, inference"
NUMBERS = {
    FIRST: "in training, as the framework reports it",
    LAST: "in training, as the framework reports it",
    "accuracy, inference": "after the last epoch, on 5,000 of the rows",
    SATURATED: "the share of tanh outputs beyond ±0.99, over rows and units",
    TRAINING: "the same weights, with the statistics of shuffled batches of 20",
    INFERENCE: "the same weights, with the moving statistics",
}
PUBLISHED = {
    "nothing": {FIRST: "0.498", LAST: "0.507"},
    "batch norm": {FIRST: "0.498", LAST: "0.499"},
    "normalised input": {FIRST: "0.997", LAST: "1.000"},
    "both": {FIRST: "0.912", LAST: "0.994"},
}
CURVES = (Curve("accuracy", "training accuracy"),)
FULL = {"rows": 25_000, "epochs": 10}
SHORT = {"rows": 400, "epochs": 2}
BATCH, SAMPLE = 20, 5_000


def data(variant, rows):
    """X, normalised or not, and y."""
    x = np.arange(rows, dtype=float)
    given = (x - x.mean()) / x.std() if variant in ("normalised input", "both") else x
    return column(given), column(x >= rows // 2)


def network(variant):
    norm = (KERAS_NORM,) if variant in ("batch norm", "both") else ()
    return (Dense(20), Activation("tanh"), *norm, Dense(1), Activation("sigmoid"))


def measure(subject, variant, seed, *, rows, epochs):
    x, y = data(variant, rows)
    layers = network(variant)
    train = Train(x, y, "binary_crossentropy", batch_size=BATCH, epochs=epochs, accuracy=True)
    trace = subject.run(Case(layers, (train, State()), seed)).finish()
    accuracy, state = trace.history(0)["accuracy"], trace.state(1)
    sample = np.random.default_rng(seed).permutation(rows)[:SAMPLE]
    in_training, in_inference = both_modes(subject, layers, state, x[sample], BATCH)
    hidden = np.tanh(x.astype(float) @ state[0]["kernel"] + state[0]["bias"])
    return {
        FIRST: accuracy[0],
        LAST: accuracy[-1],
        "accuracy, inference": share_right(y[sample], in_inference),
        SATURATED: float(np.mean(np.abs(hidden) > 0.99)),
        TRAINING: cross_entropy(y[sample], in_training),
        INFERENCE: cross_entropy(y[sample], in_inference),
        "accuracy": accuracy,
    }


def no_help(found):
    """Whether batch norm gains less over a coin than half of what a normalised input gains."""
    one, other = found.of("batch norm", LAST), found.of("normalised input", LAST)
    figure = f"{spread(one)} with batch norm, {spread(found.of('nothing', LAST))} with nothing"
    return verdict(one - 1 / 2 < (other - 1 / 2) / 2), f"{figure}, {spread(other)} with a normalised input"


def saturated(found):
    """Whether most units are saturated with X as it is."""
    raw, scaled = found.of("batch norm", SATURATED), found.of("normalised input", SATURATED)
    return verdict(raw > 1 / 2), f"{spread(raw)} of them; with a normalised input {spread(scaled)}"


def noise(found):
    """Whether the same weights have a smaller loss once the statistics stand still."""
    training, inference = found.of("both", TRAINING), found.of("both", INFERENCE)
    return verdict(inference < training), f"training mode {spread(training)}, inference {spread(inference)}"


CLAIMS = (
    Claim("batch norm after the tanh does not help where X is as it is", no_help),
    Claim("that is because the tanh is saturated", saturated),
    Claim("both is slower than a normalised input alone: epoch 1", lower(FIRST, "both", "normalised input")),
    Claim("both is slower than a normalised input alone: last epoch", lower(LAST, "both", "normalised input")),
    Claim("it is the noise of batches of 20: the same weights lose less in inference", noise),
)
