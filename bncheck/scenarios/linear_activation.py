"""The same script ends in another loss when batch norm, or a linear activation, is added: which of them did it?

x is normal(0, 1) of shape (100, 12), and the target is x itself.  Dense 8, batch norm or none, a linear activation or
none, Dense 12, a linear activation; Adam, mean squared error, 20 epochs, the last tenth held out, no shuffling.  Seeds
1, 2 and 3 for NumPy, random and TensorFlow; seed n here is n for NumPy and n + 2 for the framework.

Why: a loss after 20 epochs from one seed says which initial weights were drawn, and little else.  On TensorFlow 1 the
seed of an initialiser is the number of operations in front of it, so that any layer that is put in between, a linear
activation too, gives all layers behind it other initial weights; in eager mode it does not.  With the initial weights
set equal the linear activation changes nothing, to the bit.  Whether batch norm helps is then a question over seeds,
and in this network, which is still far from its minimum after 60 steps, the seeds differ more than the variants do.
The second pair of published figures is an example of it: 0.840 and 0.819 came out nowhere here.  The script, run by
itself on TensorFlow 2.0.4, gives 1.1683 and 1.1278 with tf.keras, and 1.0454 and 1.0327 with Keras 2.3.1, whose
initialisers take their seeds from NumPy's generator: where x is drawn after the network is built, 1.7452 and 1.6253.
"""

import numpy as np

from bncheck.cases.case import Case, Fit, SetState, State, Train
from bncheck.cases.network import Dense, Linear
from bncheck.cases.training import KERAS_NORM
from bncheck.scenarios import Claim, Curve, lower, spread, verdict

ORIGIN = "https://stackoverflow.com/questions/58612783"
PLAIN, NORM, LEFT_OUT, SAME = "as it is", "batch norm", "no first linear", "no first linear, same weights"
VARIANTS = {
    PLAIN: "Dense 8, linear, Dense 12, linear",
    NORM: "Dense 8, batch norm, linear, Dense 12, linear",
    "batch norm, no linear": "Dense 8, batch norm, Dense 12, linear",
    LEFT_OUT: "Dense 8, Dense 12, linear",
    SAME: "the same, from the initial weights of the network as it is",
}
NETWORKS = {
    PLAIN: (Dense(8), Linear(), Dense(12), Linear()),
    NORM: (Dense(8), KERAS_NORM, Linear(), Dense(12), Linear()),
    "batch norm, no linear": (Dense(8), KERAS_NORM, Dense(12), Linear()),
    LEFT_OUT: (Dense(8), Dense(12), Linear()),
    SAME: (Dense(8), Dense(12), Linear()),
}
LOSS, THEIRS = "val_loss", "val_loss, the question's seeds"
NUMBERS = {THEIRS: "seeds 1, 2, 3, after 20 epochs", LOSS: "over all seeds, after 20 epochs"}
PUBLISHED = {
    PLAIN: {THEIRS: "0.7751 (TF 1.14), 0.840 (TF 2.0, Keras 2.3.1)"},
    NORM: {THEIRS: "1.1230 (TF 1.14), 0.819 (TF 2.0, Keras 2.3.1)"},
}
CURVES = (Curve("curve", "validation loss"),)
FULL = {"epochs": 20}
SHORT = {"epochs": 3}


def data(seed):
    return np.random.RandomState(seed).normal(0, 1, (100, 12)).astype(np.float32)


def measure(subject, variant, seed, *, epochs):
    x, network = data(seed), NETWORKS[variant]
    train = Train(x, x, epochs=epochs, shuffle=False, validation=0.1)
    given = ()
    if variant == SAME:
        kernel_and_bias, _, *rest = subject.run(Case(NETWORKS[PLAIN], (State(), train), seed + 2)).finish().state(0)
        given = (SetState([kernel_and_bias, *rest]),)
    trace = subject.run(Case(network, (*given, State(), train), seed + 2)).finish()
    curve = trace.history(len(given) + 1)["val_loss"]
    weights = [own["kernel"].ravel() for own in trace.state(len(given)) if "kernel" in own]
    found = {LOSS: curve[-1], "curve": curve, "weights": np.concatenate(weights).tolist()}
    return found | ({THEIRS: curve[-1]} if seed == 1 else {})


def trajectory():
    """50 steps of SGD on the network with batch norm, in float64, at a rate that keeps the bound far below one.

    The rate is a power of two, because TensorFlow keeps it in float32.
    """
    x = np.tile(data(1)[:96].astype(np.float64), (17, 1))[: 50 * 32]
    sgd = {"name": "sgd", "learning_rate": 2.0**-8}
    rng, zeros, ones = np.random.default_rng(1), np.zeros(8), np.ones(8)
    norm = {"gamma": ones, "beta": zeros, "moving_mean": zeros, "moving_variance": ones}
    state = [_glorot(rng, 12, 8), norm, {}, _glorot(rng, 8, 12), {}]
    return Case(NETWORKS[NORM], (SetState(state), Fit(x, x, "mse", sgd, 32, 1), State()), 1)


def _glorot(rng, width, units):
    limit = np.sqrt(6 / (width + units))
    return {"kernel": rng.uniform(-limit, limit, (width, units)), "bias": np.zeros(units)}


def digits_of(published):
    """A judge: the question's own seeds give the published figures, to as many digits."""

    def judge(found):
        figures = {variant: float(found.of(variant, THEIRS)[0]) for variant in published}
        same = [f"{figures[variant]:.{len(text) - 2}f}" == text for variant, text in published.items()]
        return verdict(same), ", ".join(f"{variant}: {figure!r}" for variant, figure in figures.items())

    return judge


def same(name, one, other):
    """A judge: two variants have the same numbers, to the bit, at every seed."""

    def judge(found):
        a, b = found.of(one, name), found.of(other, name)
        flags = (a == b).all(axis=1)
        return verdict(flags), f"to the bit in {int(flags.sum())} of {len(flags)} seeds; {_ends(found, one, other)}"

    return judge


def _ends(found, one, other):
    return f"val_loss {spread(found.of(one, LOSS))} and {spread(found.of(other, LOSS))}"


CLAIMS = (
    Claim("on TF 1.14, 0.7751 without batch norm and 1.1230 with", digits_of({PLAIN: "0.7751", NORM: "1.1230"})),
    Claim("on TF 2.0 with Keras 2.3.1, 0.840 without and 0.819 with", digits_of({PLAIN: "0.840", NORM: "0.819"})),
    Claim("batch norm makes it worse, seed by seed", lower(LOSS, PLAIN, NORM)),
    Claim("a linear activation leaves the initial weights of the other layers alone", same("weights", PLAIN, LEFT_OUT)),
    Claim("without the first linear activation the trajectory is the same", same("curve", PLAIN, LEFT_OUT)),
    Claim("from the same initial weights the trajectory is the same", same("curve", PLAIN, SAME)),
)
