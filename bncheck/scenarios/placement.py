"""Where does batch norm go: before the activation, after it, and does it matter that it was built and never added?

The question's network: 14 inputs, twice Dense 64, tanh and dropout 0.5, then an output for two classes, here one
sigmoid unit; SGD with a rate of 0.1 and Nesterov momentum 0.9, binary cross-entropy, 20 epochs of batches of 16, the
last fifth held out; batch norm with epsilon 1e-6 and momentum 0.9.  It shows no data: here 1,000 rows of 14 normal
columns with scales from 0.1 to 10, and the class is the sign of their sum, unscaled, plus twice the product of the
first and the last, with one label in twenty turned.  The question's decay of 1e-6 and uniform initial weights are left
out.

Why: a layer that is constructed and never added is no part of the network; the question saw "similar outputs" because
they were equal, but for the seed.  Both places bring the fourteen scales together, and that is most of the gain; the
tanh sees values of variance one only where batch norm is in front of it, which is what the paper asks for and better
on these data, and others measure the reverse on theirs.  A bias in front of a batch norm is taken off again with the
mean: its gradient is nothing but rounding, so leave it out.  The training without it is the same in exact arithmetic
and, in float32, for as long as rounding stays small: with a rate of 0.1 and momentum it grows by a factor at each
step, so that two trainings that are equal on paper end some percent apart.  A difference of that size between two
versions of a framework shows nothing.  The axis is no matter of taste: on the right one, channels first is channels
last.  What is left between frameworks on the images is a convention: our reference ends at 0.00416 with the biased
estimator of the moving variance, as Keras 3 does, and at 0.00448 with the unbiased one, as torch and TensorFlow's fused
kernel do.
"""

import numpy as np

from bncheck.cases.case import Backward, Case, Forward, SetState, State, Train
from bncheck.cases.network import Activation, BatchNorm, Dense, Detached, Dropout
from bncheck.cases.training import column
from bncheck.scenarios import Claim, Curve, digits, lower, spread, verdict

ORIGIN = "https://stackoverflow.com/questions/34716454"
NOWHERE, NEVER, BEFORE, AFTER = "nowhere", "built and never added", "before the activation", "after the activation"
BIAS, NO_BIAS = "before, the same weights, a bias", "before, the same weights, no bias"
LAST, FIRST = "channels last", "channels first"
VARIANTS = {
    NOWHERE: "no batch norm",
    NEVER: "a batch norm is constructed in front of the first Dense and added nowhere, as in the question",
    BEFORE: "Dense, batch norm, tanh, dropout",
    AFTER: "Dense, tanh, batch norm, dropout",
    BIAS: "as before, without dropout and shuffling, from the weights of its twin",
    NO_BIAS: "the same, and no Dense in front of a batch norm has a bias",
    LAST: "one batch norm on 64 images of 6 × 6 × 3, fitted to 2 x + 1",
    FIRST: "the same images as 3 × 6 × 6",
}
LOSS, ACCURACY, GRADIENT = "validation loss", "validation accuracy", "bias gradient"
NUMBERS = {
    LOSS: "after the last epoch",
    ACCURACY: "after the last epoch",
    GRADIENT: "largest gradient of the first bias as a share of its kernel's largest, at the start",
}
PUBLISHED = {NEVER: {LOSS: "similar to nowhere"}}
CURVES = (Curve("val_loss", "validation loss"), Curve("images", "validation loss, images", log=True))
FULL = {"rows": 1000, "epochs": 20, "drop": 0.5}
SHORT = {"rows": 160, "epochs": 2, "drop": 0.0}
HALF_THE_DIGITS = float(np.sqrt(np.finfo(np.float32).eps))
NORM = BatchNorm(momentum=0.9, eps=1e-6)
SGD = {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True}


def data(rows, seed):
    rng = np.random.default_rng(seed)
    plain = rng.normal(size=(rows, 14))
    turned = rng.random(rows) < 1 / 20
    x = plain * np.logspace(-1, 1, 14)
    positive = plain.sum(axis=1) + 2 * plain[:, 0] * plain[:, -1] > 0
    return x.astype(np.float32), column(positive ^ turned)


def network(variant, drop):
    norm = () if variant in (NOWHERE, NEVER) else (NORM,)
    tanh, bias = (Activation("tanh"),), variant != NO_BIAS
    inner = (*tanh, *norm) if variant == AFTER else (*norm, *tanh)
    block = (Dense(64, bias), *inner, Dropout(0.0 if variant in (BIAS, NO_BIAS) else drop))
    built = (Detached(NORM),) if variant == NEVER else ()
    return (*built, *block, *block, Dense(1), Activation("sigmoid"))


def measure(subject, variant, seed, *, rows, epochs, drop):
    if variant in (LAST, FIRST):
        return _of_images(subject, variant, seed, epochs)
    x, y = data(rows, seed)
    layers = network(variant, drop)
    train = Train(x, y, "binary_crossentropy", SGD, 16, epochs, variant not in (BIAS, NO_BIAS), 0.2, True)
    if variant in (BIAS, NO_BIAS):
        return _of_twins(subject, layers, seed, train)
    return _numbers(subject.run(Case(layers, (train,), seed)).finish().history(0))


def _numbers(history):
    return {LOSS: history["val_loss"][-1], ACCURACY: history["val_accuracy"][-1], "val_loss": history["val_loss"]}


def _of_twins(subject, layers, seed, train):
    """Both twins start at the weights of the one with biases, and at biases of zero."""
    x, y = train.x[:64], train.y[:64]
    first = subject.run(Case(network(BIAS, 0.0), (State(), Forward(x, False)), seed)).finish().state(0)
    start = [
        {name: v * 0 if name == "bias" else v for name, v in own.items() if name != "bias" or layer.bias}
        for layer, own in zip(layers, first, strict=True)
    ]
    trace = subject.run(Case(layers, (SetState(start), Backward(x, y - 0.5, True), SetState(start), train), seed))
    gradients = trace.finish().params(1)[0]
    found = _numbers(trace.history(3))
    if "bias" in gradients:
        found[GRADIENT] = float(np.abs(gradients["bias"]).max() / np.abs(gradients["kernel"]).max())
    return found


def _of_images(subject, variant, seed, epochs):
    x = np.random.default_rng(seed).normal(1, 2, (64, 6, 6, 3)).astype(np.float32)
    given = x if variant == LAST else np.ascontiguousarray(np.moveaxis(x, -1, 1))
    layer = BatchNorm(momentum=0.9, axis=-1 if variant == LAST else 1)
    sgd = {"name": "sgd", "learning_rate": 0.1}
    train = Train(given, 2 * given + 1, "mse", sgd, 16, epochs, shuffle=False, validation=0.25)
    history = subject.run(Case((layer,), (train,), seed)).finish().history(0)
    return {LOSS: history["val_loss"][-1], "images": history["val_loss"]}


def to_the_bit(one, other):
    """A judge: both variants have the same validation loss in every epoch, to the bit."""

    def judge(found):
        a, b = found.of(one, "val_loss"), found.of(other, "val_loss")
        flags = (a == b).all(axis=1)
        return verdict(flags), f"in {int(flags.sum())} of {len(flags)} seeds; {spread(a[:, -1])}, {spread(b[:, -1])}"

    return judge


def alike(curve, one, other, epochs=None):
    """A judge: both variants have the same curve (in the first epochs) to half the digits of float32."""

    def judge(found):
        a, b = found.of(one, curve), found.of(other, curve)
        apart = (np.abs(a - b) / np.minimum(a, b)).T
        flags = apart[:epochs].max(axis=0) < HALF_THE_DIGITS
        figure = (
            f"relative difference {digits(apart[0].max())} after an epoch, {digits(apart[-1].max())} after the last"
        )
        return verdict(flags), f"in {int(flags.sum())} of {len(flags)} seeds; {figure}"

    return judge


def rounding(found):
    """Whether the bias has a gradient below half the digits of the kernel's."""
    share = found.of(BIAS, GRADIENT)
    return verdict(share < HALF_THE_DIGITS), f"{spread(share)} of the kernel's"


CLAIMS = (
    Claim("a layer that is built and never added changes nothing, to the bit", to_the_bit(NOWHERE, NEVER)),
    Claim("batch norm before the activation is better than none", lower(LOSS, BEFORE, NOWHERE)),
    Claim("batch norm after the activation is better than none", lower(LOSS, AFTER, NOWHERE)),
    Claim("before the activation is better than after it", lower(LOSS, BEFORE, AFTER)),
    Claim("a bias in front of a batch norm has no gradient but rounding", rounding),
    Claim(
        "without that bias the first epoch is the same, to half the digits of float32",
        alike("val_loss", BIAS, NO_BIAS, 1),
    ),
    Claim("without that bias the whole training is the same", alike("val_loss", BIAS, NO_BIAS)),
    Claim("channels first is channels last, to half the digits of float32", alike("images", LAST, FIRST)),
)
