"""A plain suite, as one would write it for one framework: in process, a test function a law, ``assert_allclose``.

It is what bncheck's cost is measured beside.  Run by path in the framework's own interpreter, with Hypothesis on
PYTHONPATH: ``python plain_suite.py torch`` reads lines of ``FIRST LAST SEED`` and answers each with one line of JSON.
"""

import json
import os
import sys
import time
from dataclasses import dataclass

import numpy as np
import plain_layers
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal

EPS, MOMENTUM = 1e-3, 0.9
OUTPUT = {"rtol": 1e-3, "atol": 1e-2}
GRADIENT = {"rtol": 1e-2, "atol": 0.3}
QUIET = {"database": None, "deadline": None, "phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}


@dataclass
class Batch:
    """A batch, the weights and moving statistics of a layer for it, and the framework that has the layer."""

    framework: object
    x: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @property
    def axes(self):
        """All axes but that of the channels."""
        return tuple(a for a in range(self.x.ndim) if a != self.framework.axis % self.x.ndim)

    def wide(self, values):
        """A value for each channel, in float64, as it stands beside the batch."""
        return np.expand_dims(np.asarray(values, np.float64), self.axes)

    def layer(self, **changes):
        """A new layer with the weights and statistics, or with others."""
        own = {"gamma": self.gamma, "beta": self.beta, "mean": self.mean, "variance": self.variance}
        return self.framework.layer(self.x.ndim, **{**own, "eps": EPS, "momentum": MOMENTUM, **changes})

    def normalised(self):
        """The batch less its mean, over its deviation, and the deviation, in float64."""
        x = self.x.astype(np.float64)
        deviation = np.sqrt(x.var(axis=self.axes, keepdims=True) + EPS)
        return (x - x.mean(axis=self.axes, keepdims=True)) / deviation, deviation

    def cotangent(self):
        """A gradient for the output that is not uniform."""
        return (np.arange(self.x.size) % 5 - 1.0).reshape(self.x.shape).astype(np.float32)


@st.composite
def batches(draw, framework):
    """Batches of rank 2 to 4 and weights that fit them, all drawn as Hypothesis arrays."""
    shape = draw(array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=6))
    channels = shape[framework.axis]

    def floats(low, high):
        return st.floats(low, high, width=32)

    weights = arrays(np.float32, channels, elements=floats(-2, 2))
    x = draw(arrays(np.float32, shape, elements=floats(-8, 8)))
    variance = draw(arrays(np.float32, channels, elements=floats(0.125, 8)))
    return Batch(framework, x, draw(weights), draw(weights), draw(weights), variance)


def test_batch_norm_can_be_identity_in_inference(b):
    layer = b.layer(gamma=np.sqrt(b.variance + np.float32(EPS)), beta=b.mean)
    assert_allclose(layer(b.x, False), b.x, **OUTPUT)


def test_batch_norm_can_be_identity_in_training(b):
    gamma, beta = np.sqrt(b.x.var(axis=b.axes) + np.float32(EPS)), b.x.mean(axis=b.axes)
    assert_allclose(b.layer(gamma=gamma, beta=beta)(b.x, True), b.x, **OUTPUT)


def test_channels_are_independent(b):
    axis = b.framework.axis
    other = np.take(b.x, [0], axis=axis) * np.float32(3) + np.float32(1)
    wider = {name: np.append(getattr(b, name), getattr(b, name)[0]) for name in ("gamma", "beta", "mean", "variance")}
    beside = b.layer(**wider)(np.concatenate([b.x, other], axis=axis), True)
    assert_allclose(np.delete(beside, -1, axis=axis), b.layer()(b.x, True), **OUTPUT)


def test_channels_permute(b):
    flipped = {name: getattr(b, name)[::-1].copy() for name in ("gamma", "beta", "mean", "variance")}
    found = b.layer(**flipped)(np.flip(b.x, b.framework.axis).copy(), True)
    assert_allclose(np.flip(found, b.framework.axis), b.layer()(b.x, True), **OUTPUT)


def test_far_offset_leaves_the_variance(b):
    near, far = b.layer(), b.layer()
    near(b.x, True)
    far(b.x + np.float32(1024), True)
    assert_allclose(far.statistics()[1], near.statistics()[1], **OUTPUT)


def test_frozen_layer_leaves_state_alone(b):
    layer = b.layer()
    layer.freeze()
    layer(b.x, True)
    assert_array_equal(layer.statistics()[0], b.mean)
    assert_array_equal(layer.statistics()[1], b.variance)


def test_frozen_layer_normalises_by_its_convention(b):
    layer = b.layer()
    layer.freeze()
    wanted = (b.x - b.wide(b.mean)) / np.sqrt(b.wide(b.variance) + EPS) * b.wide(b.gamma) + b.wide(b.beta)
    assert_allclose(layer(b.x, True), wanted, **OUTPUT)


def test_inference_gradient_matches_reference(b):
    dx, _, _ = b.layer().gradients(b.x, b.cotangent(), False)
    assert_allclose(dx, b.cotangent() * b.wide(b.gamma) / np.sqrt(b.wide(b.variance) + EPS), **GRADIENT)


def test_inference_is_affine(b):
    layer, other = b.layer(), b.x[::-1].copy()
    half_way = (layer(b.x, False) + layer(other, False)) / 2
    assert_allclose(layer((b.x + other) / 2, False), half_way, **OUTPUT)


def test_inference_is_rowwise(b):
    layer = b.layer()
    assert_allclose(layer(b.x[::2].copy(), False), layer(b.x, False)[::2], **OUTPUT)


def test_inference_leaves_state_alone(b):
    layer = b.layer()
    layer(b.x, False)
    assert_array_equal(layer.statistics()[0], b.mean)
    assert_array_equal(layer.statistics()[1], b.variance)


def test_inference_output_matches_reference(b):
    wanted = (b.x - b.wide(b.mean)) / np.sqrt(b.wide(b.variance) + EPS) * b.wide(b.gamma) + b.wide(b.beta)
    assert_allclose(b.layer()(b.x, False), wanted, **OUTPUT)


def test_momentum_one_keeps_the_state(b):
    layer = b.layer(momentum=1.0)
    layer(b.x, True)
    assert_allclose(layer.statistics(), [b.mean, b.variance], **OUTPUT)


def test_momentum_zero_forgets_the_state(b):
    one, other = b.layer(momentum=0.0), b.layer(momentum=0.0, mean=3 * b.mean + 1, variance=3 * b.variance + 1)
    one(b.x, True)
    other(b.x, True)
    assert_allclose(other.statistics(), one.statistics(), **OUTPUT)


def test_moving_mean_matches_reference(b):
    layer = b.layer()
    layer(b.x, True)
    batch = b.x.mean(axis=b.axes, dtype=np.float64)
    assert_allclose(layer.statistics()[0], MOMENTUM * b.mean + (1 - MOMENTUM) * batch, **OUTPUT)


def test_moving_statistics_converge(b):
    layer, start = b.layer(), np.array([b.mean, b.variance], np.float64)
    layer(b.x, True)
    first = np.array(layer.statistics(), np.float64)
    for _ in range(3):
        layer(b.x, True)
    share = sum(MOMENTUM**i for i in range(4))
    assert_allclose(layer.statistics(), start + (first - start) * share, **OUTPUT)


def test_moving_variance_is_never_negative(b):
    layer = b.layer(variance=np.zeros_like(b.variance))
    layer(b.x + np.float32(1e6), True)
    assert (layer.statistics()[1] >= 0).all()


def test_moving_variance_matches_reference(b):
    layer = b.layer()
    layer(b.x, True)
    batch = b.x.var(axis=b.axes, dtype=np.float64, ddof=b.framework.ddof)
    assert_allclose(layer.statistics()[1], MOMENTUM * b.variance + (1 - MOMENTUM) * batch, **OUTPUT)


def poisoned(b):
    """The batch with a NaN in its first place."""
    x = b.x.copy()
    x.flat[0] = np.nan
    return x


def test_non_finite_is_not_hidden(b):
    assert not np.isfinite(np.take(b.layer()(poisoned(b), True), [0], axis=b.framework.axis)).any()


def test_non_finite_stays_in_its_channel(b):
    beside, alone = (np.delete(b.layer()(each, True), 0, axis=b.framework.axis) for each in (poisoned(b), b.x))
    assert_allclose(beside, alone, **OUTPUT)


def test_non_finite_stays_in_its_place(b):
    assert_allclose(b.layer()(poisoned(b), False).flat[1:], b.layer()(b.x, False).flat[1:], **OUTPUT)


def test_parameter_gradients_match_reference(b):
    _, gamma, beta = b.layer().gradients(b.x, b.cotangent(), True)
    assert_allclose(gamma, (b.cotangent() * b.normalised()[0]).sum(axis=b.axes), **GRADIENT)
    assert_allclose(beta, b.cotangent().sum(axis=b.axes, dtype=np.float64), **GRADIENT)


def test_repeated_run_gives_the_same_bits(b):
    one, other = b.layer(), b.layer()
    assert_array_equal(other(b.x, True), one(b.x, True))
    assert_array_equal(other.statistics(), one.statistics())
    for again, before in zip(*(b.layer().gradients(b.x, b.cotangent(), True) for _ in range(2)), strict=True):
        assert_array_equal(again, before)


def test_rows_permute(b):
    one, other = b.layer(), b.layer()
    assert_allclose(one(b.x[::-1].copy(), True), other(b.x, True)[::-1], **OUTPUT)
    assert_allclose(one.statistics(), other.statistics(), **OUTPUT)


def test_scale_invariance(b):
    assert_allclose(b.layer(eps=16 * EPS)(4 * b.x, True), b.layer()(b.x, True), **OUTPUT)


def test_shift_invariance(b):
    assert_allclose(b.layer()(b.x + np.float32(4), True), b.layer()(b.x, True), **OUTPUT)


def test_training_gradient_matches_reference(b):
    dy = b.cotangent().astype(np.float64)
    normalised, deviation = b.normalised()
    common = dy.mean(axis=b.axes, keepdims=True)
    common = common + normalised * (dy * normalised).mean(axis=b.axes, keepdims=True)
    dx, _, _ = b.layer().gradients(b.x, b.cotangent(), True)
    assert_allclose(dx, b.wide(b.gamma) / deviation * (dy - common), **GRADIENT)


def test_training_output_is_standardised(b):
    y, variance = b.layer()(b.x, True).astype(np.float64), b.x.var(axis=b.axes, dtype=np.float64)
    assert_allclose(y.mean(axis=b.axes), b.beta, **OUTPUT)
    assert_allclose(y.var(axis=b.axes), b.gamma**2 * variance / (variance + EPS), **OUTPUT)


def test_training_output_matches_reference(b):
    wanted = b.normalised()[0] * b.wide(b.gamma) + b.wide(b.beta)
    assert_allclose(b.layer()(b.x, True), wanted, **OUTPUT)


def test_uniform_cotangent_gives_no_gradient(b):
    dx, _, _ = b.layer().gradients(b.x, np.ones_like(b.x), True)
    assert_allclose(dx, np.zeros_like(b.x), **GRADIENT)


def test_zero_gamma_gives_beta(b):
    layer = b.layer(gamma=np.zeros_like(b.gamma))
    assert_allclose(layer(b.x, True), np.broadcast_to(b.wide(b.beta), b.x.shape), **OUTPUT)
    assert_array_equal(layer.gradients(b.x, b.cotangent(), True)[0], np.zeros_like(b.x))


LAWS = {name.removeprefix("test_"): test for name, test in list(globals().items()) if name.startswith("test_")}


def measure(framework, first, last, chosen):
    """Milliseconds a check between two numbers of examples of every law, and what of them only draws the batch."""
    every = [marginal(framework, law, first, last, chosen) for law in LAWS.values()]
    drawing = marginal(framework, lambda b: None, first, last, chosen)
    return {"plain_ms": 1e3 * sum(every) / len(every), "plain_drawing_ms": 1e3 * drawing}


def marginal(framework, law, first, last, chosen):
    """The seconds that one law takes for an example more."""
    marks = []

    def check(b):
        law(b)
        marks.append(time.perf_counter())

    seed(chosen)(settings(max_examples=last, **QUIET)(given(batches(framework))(check)))()
    return (marks[-1] - marks[first - 1]) / (len(marks) - first)


def main():
    """Answer on the standard output as it was when we started: frameworks print."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    framework = plain_layers.FRAMEWORKS[sys.argv[1]]()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(framework, *map(int, line.split()))), file=answers, flush=True)


if __name__ == "__main__":
    main()
