"""Faults of what a layer was told: epsilon, gamma and beta; and their sizes."""

from dataclasses import replace

import numpy as np

from bncheck.truth.mutants import Fault, Sized


def _settings(**changes):
    return lambda at, layer: replace(layer, **{name: change(layer) for name, change in changes.items()})


def _weight(name, function):
    """A weight that the layer has is read as another number."""
    return lambda at, weights: {**weights, name: function(at, weights[name])} if name in weights else weights


def _ignored(name, plain, training):
    """In one of the two modes a weight is taken for ones, or for zeros."""
    mode = "training" if training else "inference"
    function = _weight(name, lambda at, own: plain(own) if at.training is training else own)
    return Fault(f"{name}_ignored_in_{mode}", f"{mode} ignores {name}", "weights", function)


def _beta_scaled(at, weights):
    if {"gamma", "beta"} <= weights.keys():
        return {**weights, "beta": weights["beta"] * weights["gamma"]}
    return weights


FAULTS = [
    Fault("epsilon_1e-3", "epsilon is 1e-3 whatever was asked for", "settings", _settings(eps=lambda layer: 1e-3)),
    Fault("epsilon_1e-5", "epsilon is 1e-5 whatever was asked for", "settings", _settings(eps=lambda layer: 1e-5)),
    Fault("epsilon_twice", "epsilon is added twice", "settings", _settings(eps=lambda layer: 2 * layer.eps)),
    Fault("epsilon_squared", "epsilon is squared", "settings", _settings(eps=lambda layer: layer.eps**2)),
    Fault(
        "negative_gamma_clipped",
        "a gamma below zero is zero",
        "weights",
        _weight("gamma", lambda at, g: np.maximum(g, at.ar.dtype(0))),
    ),
    _ignored("gamma", np.ones_like, training=True),
    _ignored("gamma", np.ones_like, training=False),
    Fault("gamma_reversed", "the channels take gamma in reverse", "weights", _weight("gamma", lambda at, g: g[::-1])),
    Fault(
        "gamma_of_first_channel",
        "every channel takes the first one's gamma",
        "weights",
        _weight("gamma", lambda at, g: np.repeat(g[:1], len(g))),
    ),
    _ignored("beta", np.zeros_like, training=True),
    _ignored("beta", np.zeros_like, training=False),
    Fault("beta_reversed", "the channels take beta in reverse", "weights", _weight("beta", lambda at, b: b[::-1])),
    Fault("beta_scaled_by_gamma", "beta is added before gamma scales", "weights", _beta_scaled),
]

SIZED = [
    Sized(
        "epsilon",
        "epsilon is too large",
        "settings",
        lambda at, layer, size: replace(layer, eps=layer.eps * (1 + size)),
    ),
    Sized(
        "gamma",
        "gamma is read as too large",
        "weights",
        lambda at, weights, size: _weight("gamma", lambda at, g: g * at.ar.dtype(1 + size))(at, weights),
    ),
    Sized(
        "beta",
        "beta is read as too large",
        "weights",
        lambda at, weights, size: _weight("beta", lambda at, b: b * at.ar.dtype(1 + size))(at, weights),
    ),
    Sized(
        "batch_variance",
        "the batch's variance is too large",
        "statistics",
        lambda at, mean, variance, size: (mean, variance * at.ar.dtype(1 + size)),
    ),
]
