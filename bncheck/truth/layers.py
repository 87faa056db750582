"""The mathematics of each layer, forwards and backwards, for any arithmetic (plain arrays or balls) and any traits.

Arrays keep their axes: a statistic of an input of shape (rows, ..., channels, ...) has size one on every other axis.
Sources: Ioffe and Szegedy 2015, algorithms 1 and 2, and section 3 for the gradients.
"""

import numpy as np

from bncheck.truth import edges

EPSILON_FLOOR = 1.001e-5


class BatchNormMath:
    """One batch norm: its layer, its weights (1-D arrays, by name), and what the last call left for the gradient."""

    def __init__(self, arithmetic, layer, traits):
        self.ar, self.layer, self.traits = arithmetic, layer, traits
        self.cache = None
        self.batches, self.forgot = 0, False
        # The gamma that a gradient reads which does not see how it lies in memory; whether the variance is anything.
        self.misread, self.freed = None, False

    def forward(self, weights, x, training, batch_statistics, mask=None):
        """The output; moves the moving statistics in ``weights`` when ``training``.  x: (rows, ...).

        One that was computed before, for this case or for another, is not computed again.
        ``mask`` is true for the steps that count, and has the shape of x without the channels, which are then last.
        """
        axis = self.layer.axis % x.ndim
        axes = tuple(a for a in range(x.ndim) if a != axis)
        shape = [x.shape[axis] if a == axis else 1 for a in range(x.ndim)]
        counts = self._counts(x, mask)
        self.forgot = batch_statistics and not x.size and self.traits.empty_batch != "unchanged"
        if self.forgot:
            weights.update({name: self._nan(weights[name]) for name in ("moving_mean", "moving_variance")})
        batch_statistics = batch_statistics and counts
        if counts and (batch_statistics or self.traits.inference_statistics == "batch"):
            mean, variance, count = self._statistics(x, axes, mask)
        else:
            mean, variance = weights["moving_mean"], weights["moving_variance"]
        if counts and (training or self.traits.inference_updates == "moving"):
            self._move(weights, *(self._batch(x, axes) if not batch_statistics else (mean, variance, count)))
        self.batches += not training and self.traits.batch_count == "inference"
        gamma = weights.get("gamma") if self.traits.gamma == "own" else None
        of = (x, mean, variance, gamma, weights.get("beta"), self.misread)
        output, kept = self.ar.memory.of_all(
            of, (self.layer.eps, self.traits, axes), lambda: self._normalised(*of, axes, shape)
        )
        self.cache = (*kept, axes, batch_statistics)
        return output

    def _normalised(self, x, mean, variance, gamma, beta, misread, axes, shape):
        """The output, and what is kept for the gradient; several steps and cases may have both."""
        ar, mean = self.ar, mean.reshape(*shape)
        inverse = self._inverse(variance.reshape(*shape))
        factor = inverse if gamma is None else gamma.reshape(shape) * inverse
        offset = ar.exact(np.zeros(shape)) if beta is None else beta.reshape(shape)
        slope = factor if misread is None else misread.reshape(shape) * inverse
        normalise = ar.fused if self.traits.affine == "fused" else ar.affine
        return normalise(x, mean, factor, offset), (x, mean, inverse, slope)

    def _counts(self, x, mask):
        """Whether there is a value to take statistics of, as the traits see it."""
        return bool(x.size) and (mask is None or bool(mask.any()) or edges.weighs_masks(self.traits))

    def _statistics(self, x, axes, mask):
        """The batch statistics of x, which several steps and cases may have."""
        if mask is not None:
            return self._batch(x, axes, mask)
        return self.ar.memory.of(x, (axes, self.layer.axis, self.traits), lambda: self._batch(x, axes))

    def _batch(self, x, axes, mask=None):
        ar, traits = self.ar, self.traits
        if mask is not None and traits.masks != "ignored":
            return edges.masked_moments(ar, x, mask, traits)
        if traits.rows != "all" and x.shape[0] > 1:
            x = x[:-1] if traits.rows == "all_but_last" else x[:65536]
        if traits.positions == "first_of_channels_first" and self.layer.axis == 1 and x.ndim > 2:
            x = x[:, :, :1]
        mean = ar.mean(x, axes)
        if traits.variance == "two_pass":
            variance = ar.variance(x, mean, axes)
        else:
            variance = ar.mean(x * x, axes)
            variance = variance - mean * mean if traits.variance == "one_pass" else variance
        if traits.channels == "last_takes_first":
            mean, variance = self._borrow(mean), self._borrow(variance)
        if traits.non_finite == "spreads" and not np.isfinite(np.asarray(getattr(mean, "value", mean))).all():
            mean = mean + ar.exact(np.full(mean.shape, np.nan))
        count = x.size // max(mean.size, 1)
        edges.check_count(count, traits)
        return mean, variance, count

    def _borrow(self, statistic):
        flat = statistic.reshape(-1)
        return self.ar.stack([flat[:-1], flat[:1]]).reshape(*statistic.shape)

    def _move(self, weights, mean, variance, count):
        self.batches += 1
        share = self._share()
        if self.traits.moving_average == "swapped":
            share = 1 - share
        if self.traits.momentum_precision == "single":
            share = 1 - float(np.float32(1 - share))
        if self.traits.memory == "first_step" and self.batches == 1:
            share = 0.0
        of = (mean, variance, weights["moving_mean"], weights["moving_variance"])
        moved = self.ar.memory.of_all(of, (self.traits, share), lambda: self._mixed(*of, share, count))
        weights["moving_mean"], weights["moving_variance"] = moved

    def _mixed(self, mean, variance, moving_mean, moving_variance, share, count):
        """The moving statistics after a batch; several cases may begin with the same one."""
        divisor = {"biased": count, "unbiased": count - 1, "over_n_plus_one": count + 1}[self.traits.running_variance]
        if divisor not in (count, 0):
            variance = self.ar.part(variance, count, divisor)
        mean = self.ar.mix(moving_mean, mean.reshape(-1), share)
        if count == 1 and self.traits.batch_of_one == "not_a_number":
            return mean, self._nan(variance.reshape(-1))
        return mean, self.ar.mix(moving_variance, variance.reshape(-1), share)

    def _nan(self, like):
        """NaN for sure: one that was computed would allow for any number."""
        return self.ar.exact(np.full(like.shape, np.nan))

    def _share(self):
        """The share of itself that a moving statistic keeps; without a momentum it is the mean over the batches so far.

        Debiased (Kingma and Ba 2015, section 3) is the plain one from zero, divided by the share that is not zero's.
        """
        momentum, average = self.layer.momentum, self.traits.moving_average
        if momentum is None or average == "cumulative":
            return 1 - 1 / (self.batches + (self.traits.cumulative_average == "of_initial_too"))
        if average == "debiased" and momentum < 1:
            return 1 - (1 - momentum) / (1 - momentum**self.batches)
        return momentum

    def _inverse(self, variance):
        kind, eps, ar = self.traits.epsilon, self.layer.eps, self.ar
        if kind == "outside":
            return ar.exact(1.0) / (ar.root(variance) + ar.constant(eps))
        if self.traits.variance == "one_pass":  # may come out below zero
            return ar.exact(1.0) / ar.root(variance + ar.constant(eps))
        return ar.inverse_root(variance, {"inside": eps, "floor": max(eps, EPSILON_FLOOR), "absent": 0.0}[kind])

    def backward(self, dy):
        """dx and the parameters' gradients of sum(y * dy), for the last forward call.  dy has the shape of x."""
        x, mean, inverse, slope, axes, batch_statistics = self.cache
        ar, kind = self.ar, self.traits
        if not x.size:
            nothing = {"gamma": np.nan if self.forgot and kind.empty_batch == "averaged" else 0.0, "beta": 0.0}
            there = {"gamma": self.layer.scale, "beta": self.layer.center}
            return dy, {name: ar.exact(np.full(mean.size, v)) for name, v in nothing.items() if there[name]}
        dot, total = ar.centred_dot(dy, x, mean, inverse, axes), self._total(dy, axes)
        gradients = {}
        if self.layer.scale:
            raw = kind.gamma_gradient == "raw_input"
            gradients["gamma"] = (ar.sum(dy * x, axes) if raw else dot).reshape(-1)
        if self.layer.center:
            gradients["beta"] = total.reshape(-1)
        through = batch_statistics and kind.training_gradient != "statistics_constant"
        if self.freed and not batch_statistics:
            of_variance = {name: ar.unknown(found) for name, found in gradients.items() if name == "gamma"}
            return ar.unknown(dy * slope), gradients | of_variance
        if not through and not (not batch_statistics and kind.inference_gradient == "batch"):
            return dy * slope, gradients
        count = x.size // max(total.size, 1)
        centre = ar.scaled(mean, 0.0) if kind.training_gradient == "uncentred" else mean
        common = ar.part(total, 1, count) + ar.projection(x, centre, inverse, dot, count)
        return (dy - common) * slope, gradients

    def _total(self, dy, axes):
        """The sum of dy, which a case often has in inference and in training alike."""
        return self.ar.memory.of(dy, ("sum", axes), lambda: self.ar.sum(dy, axes))


class DenseMath:
    """y = x @ kernel + bias."""

    def __init__(self, arithmetic, layer, traits):
        self.ar, self.layer = arithmetic, layer
        self.cache = None

    def forward(self, weights, x, training, batch_statistics):
        """The output of shape (rows, units)."""
        self.cache = (x, weights["kernel"])
        y = x @ weights["kernel"]
        return y + weights["bias"] if self.layer.bias else y

    def backward(self, dy):
        """dx and the gradients of kernel and bias."""
        x, kernel = self.cache
        gradients = {"kernel": x.T @ dy}
        if self.layer.bias:
            gradients["bias"] = self.ar.sum(dy, (0,)).reshape(-1)
        return dy @ kernel.T, gradients


class LinearMath:
    """The identity; also what dropout at rate zero and a detached layer are to the network."""

    def __init__(self, arithmetic, layer, traits):
        self.ar = arithmetic
        there, back = traits.linear_activation, traits.linear_gradient
        ways = {"Linear": (there, back), "Dropout": (traits.zero_dropout, traits.zero_dropout)}
        self.there, self.back = ways.get(type(layer).__name__, ("identity", "identity"))

    def forward(self, weights, x, training, batch_statistics):
        """The input."""
        return half(self.ar, x) if self.there == "half_precision" else x

    def backward(self, dy):
        """The gradient as it came."""
        return (half(self.ar, dy) if self.back == "half_precision" else dy), {}


def half(arithmetic, x):
    """The numbers rounded to half precision."""
    return arithmetic.exact(np.asarray(getattr(x, "value", x), np.float64).astype(np.float16))


class ActivationMath:
    """An elementwise function."""

    def __init__(self, arithmetic, layer, traits):
        self.ar, self.name = arithmetic, layer.name
        self.cache = None

    def forward(self, weights, x, training, batch_statistics):
        """The function of each value."""
        y = getattr(self.ar, self.name)(x)
        self.cache = x, y
        return y

    def backward(self, dy):
        """The gradient times the function's slope."""
        x, y = self.cache
        if self.name == "relu":
            return dy * self.ar.step(x), {}
        one = self.ar.exact(np.ones(y.shape))
        return dy * ((one - y * y) if self.name == "tanh" else y * (one - y)), {}


MATHS = {
    "Dense": DenseMath,
    "BatchNorm": BatchNormMath,
    "Activation": ActivationMath,
    "Linear": LinearMath,
    "Dropout": LinearMath,
    "Detached": LinearMath,
}
