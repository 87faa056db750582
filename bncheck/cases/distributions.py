"""What a channel's data look like; each function draws an array of a shape from a NumPy generator."""

import numpy as np


def normal(rng, shape):
    """Standard normal values."""
    return rng.normal(size=shape)


def uniform(rng, shape):
    """Uniform values in [-1, 1)."""
    return rng.uniform(-1, 1, size=shape)


def integers(rng, shape):
    """Small whole numbers."""
    return rng.integers(-4, 5, size=shape).astype(float)


def generalised_gamma(rng, shape):
    """The generalised gamma with a = 1 and c = 70 (Stacy 1962): nearly all values just below one."""
    return rng.gamma(1.0, size=shape) ** (1 / 70)


def heavy_tail(rng, shape):
    """Student's t with 1.5 degrees of freedom, which has no variance."""
    return rng.standard_t(1.5, size=shape)


def skewed(rng, shape):
    """Log-normal values over many orders of magnitude."""
    return rng.lognormal(sigma=3.0, size=shape)


def ramp(rng, shape):
    """Values that rise evenly along the array."""
    return np.arange(np.prod(shape), dtype=float).reshape(shape)


def spike(rng, shape):
    """Zeros with one large value."""
    found = np.zeros(shape)
    found.reshape(-1)[int(rng.integers(found.size))] = 1000.0
    return found


def constant(rng, shape):
    """One value throughout."""
    return np.full(shape, rng.normal())


def poisoned_channel(rng, shape):
    """Normal values, with one channel (the last axis's first) ten million times as large."""
    found = rng.normal(size=shape)
    found[..., 0] *= 1e7
    return found


DISTRIBUTIONS = (
    normal,
    uniform,
    integers,
    generalised_gamma,
    heavy_tail,
    skewed,
    ramp,
    spike,
    constant,
    poisoned_channel,
)
