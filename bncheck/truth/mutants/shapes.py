"""Faults of shape: rows, places or channels that are lost, taken twice or taken for others."""

import numpy as np

from bncheck.truth.mutants import Fault


def _tail(size):
    """Statistics of the rows up to the last multiple of a size, where there are as many."""
    return lambda at, x: x[: len(x) // size * size] if len(x) >= size else x


def _late_channels(size):
    """Channels behind the last multiple of a size are told as they are, where there are as many."""

    def statistics(at, mean, variance):
        whole = len(mean) // size * size
        own = np.arange(len(mean)) < (whole or len(mean))
        return np.where(own, mean, at.ar.dtype(0)), np.where(own, variance, at.ar.dtype(1))

    return statistics


def _borrowed(order):
    """Channels take the statistics of others: ``order`` says whose, of how many."""

    def statistics(at, mean, variance):
        places = order(np.arange(len(mean)), len(mean)) % len(mean)
        return mean[places], variance[places]

    return statistics


def _place(at, x, *, first=1):
    """One axis is not reduced: of its places, the first alone enters the statistics."""
    axis = first if at.layer.axis == -1 else first + 1
    return np.take(x, [0], axis=axis) if x.ndim > first + 1 else x


def _last_place_lost(at, x):
    axis = x.ndim - 2 if at.layer.axis == -1 else x.ndim - 1
    return np.delete(x, -1, axis=axis) if x.ndim > 2 and x.shape[axis] > 1 else x


def _zero_behind(size):
    """Rows behind the last multiple of a size come out as zero."""

    def output(at, y):
        whole = len(y) // size * size
        return np.concatenate([y[:whole], np.zeros_like(y[whole:])]) if whole else y

    return output


def _transposed(at, y):
    """The first two places of the last axis of places change places."""
    axis = y.ndim - 2 if at.layer.axis == -1 else y.ndim - 1
    if y.ndim < 3 or y.shape[axis] < 2:
        return y
    order = np.arange(y.shape[axis])
    order[:2] = [1, 0]
    return np.take(y, order, axis=axis)


FAULTS = [
    *(
        Fault(
            f"rows_tail_of_{n}",
            f"rows behind the last multiple of {n} are left out of the statistics",
            "seen",
            _tail(n),
        )
        for n in (4, 8, 16, 32, 64)
    ),
    Fault(
        "first_row_lost",
        "the first row is left out of the statistics",
        "seen",
        lambda at, x: x[1:] if len(x) > 1 else x,
    ),
    Fault("every_other_row", "every other row enters the statistics", "seen", lambda at, x: x[::2]),
    Fault(
        "rows_behind_128_lost", "rows behind the 128th are left out of the statistics", "seen", lambda at, x: x[:128]
    ),
    Fault(
        "last_row_twice", "the last row enters the statistics twice", "seen", lambda at, x: np.concatenate([x, x[-1:]])
    ),
    Fault("first_axis_of_places_not_reduced", "the first axis of places is not reduced", "seen", _place),
    Fault(
        "second_axis_of_places_not_reduced",
        "the second axis of places is not reduced",
        "seen",
        lambda at, x: _place(at, x, first=2),
    ),
    Fault(
        "third_axis_of_places_not_reduced",
        "the third axis of places is not reduced",
        "seen",
        lambda at, x: _place(at, x, first=3),
    ),
    Fault("last_place_lost", "the last place of the last axis is left out of the statistics", "seen", _last_place_lost),
    *(
        Fault(
            f"channels_tail_of_{n}",
            f"channels behind the last multiple of {n} have a mean of 0 and a variance of 1",
            "statistics",
            _late_channels(n),
        )
        for n in (4, 8, 16, 32)
    ),
    Fault(
        "a_block_of_channels_takes_the_block_before",
        "the second four channels take the first four's statistics",
        "statistics",
        _borrowed(lambda at, n: np.where((at >= 4) & (at < 8), at - 4, at)),
    ),
    Fault(
        "channels_behind_64_start_again",
        "channels behind the 64th take the first ones' statistics",
        "statistics",
        _borrowed(lambda at, n: at % 64),
    ),
    Fault(
        "channels_reversed",
        "the channels take the statistics in reverse",
        "statistics",
        _borrowed(lambda at, n: n - 1 - at),
    ),
    Fault(
        "channels_off_by_one",
        "each channel takes the next one's statistics",
        "statistics",
        _borrowed(lambda at, n: at + 1),
    ),
    *(
        Fault(
            f"output_tail_of_{n}", f"rows behind the last multiple of {n} come out as zero", "output", _zero_behind(n)
        )
        for n in (8, 32)
    ),
    Fault("places_swapped", "two places of the output are exchanged", "output", _transposed),
]
