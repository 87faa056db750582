"""The second derivatives of batch normalisation, for any arithmetic (plain arrays or balls).

With h = (x - mean) s, s = 1 / sqrt(variance + epsilon), and n values a channel, the first is, in training,

    dx = gamma s (dy - mean(dy) - h C / n),  C = sum(dy h).

It is linear in dy, and its matrix is symmetric, so that the gradient of sum(dx v) for dy is the same of v.  By x it is,
with A = sum(v (dy - mean(dy))) and B = sum(v h),

    ddx = -gamma s^2 / n (h (A - 3 B C / n) + (v - mean(v)) C + (dy - mean(dy)) B).

In inference dx = gamma s dy, which does not depend on x.
"""

import numpy as np


def second_backward(math, dy, v):
    """ddx and ddy, the gradients of sum(dx v) for x and dy, for the last forward call of a batch norm."""
    x, mean, inverse, factor, axes, batch_statistics = math.cache
    ddy, _ = math.backward(v)
    if not batch_statistics:
        return math.ar.exact(np.zeros(x.shape)), ddy
    ar, kind = math.ar, math.traits.second_gradient
    one, count = ar.exact(np.ones(mean.shape)), x.size // max(mean.size, 1)
    mean_dy, mean_v = ar.mean(dy, axes), ar.mean(v, axes)
    a = ar.centred_dot(v, dy, mean_dy, one, axes)
    b, c = (ar.centred_dot(each, x, mean, inverse, axes) for each in (v, dy))
    found = (v if kind == "mean_constant" else v - mean_v) * c + (dy - mean_dy) * b
    if kind != "deviation_constant":
        normal = ar.affine(x, mean, inverse, ar.exact(np.zeros(mean.shape)))
        found = found + normal * (a - ar.part(b * c, 3, count))
    return -ar.part(found * factor * inverse, 1, count), ddy
