"""What scenarios train with: Keras's batch norm, losses on the host, and one network's output in both modes."""

import numpy as np

from bncheck.cases.case import Case, Forward, SetState
from bncheck.cases.network import BatchNorm, Dropout

KERAS_NORM = BatchNorm(momentum=0.99, eps=1e-3)  # Keras's defaults, in which all the questions were asked
LEAST = 1e-7  # what Keras clips a probability to


def column(values):
    """The values as a float32 matrix of one column."""
    return np.asarray(values, np.float32).reshape(-1, 1)


def mse(y, found):
    """The mean squared error."""
    return float(np.mean((found.astype(np.float64) - y) ** 2))


def cross_entropy(y, found):
    """The mean binary cross-entropy of probabilities."""
    p = np.clip(found.astype(np.float64), LEAST, 1 - LEAST)
    return float(-np.mean(np.where(y > 0, np.log(p), np.log(1 - p))))


def share_right(y, found):
    """The share of rows whose probability is on the right side of one half."""
    return float(np.mean((found > 0.5) == (y > 0.5)))


def both_modes(subject, network, state, x, batch_size):
    """The outputs of one network for all rows: in training mode, batch by batch, and in inference.

    Dropout is left out of both, so that what differs is batch norm's statistics.
    """
    network = tuple(Dropout(0.0) if isinstance(layer, Dropout) else layer for layer in network)
    batches = [x[start : start + batch_size] for start in range(0, len(x), batch_size)]
    steps = [SetState(state), Forward(x, False), *(Forward(batch, True) for batch in batches)]
    trace = subject.run(Case(network, tuple(steps))).finish()
    return np.concatenate([trace.y(i) for i in range(2, len(steps))]), trace.y(1)
