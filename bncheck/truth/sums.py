"""What adding terms up in an unknown order may come across: the largest partial sums, and terms that round alike."""

from math import prod

import numpy as np


def rows(terms, axes):
    """The terms of each sum in a row, from the least to the largest."""
    kept = [axis for axis in range(terms.ndim) if axis not in axes]
    shape = [prod(terms.shape[axis] for axis in some) for some in (kept, axes)]
    return np.sort(terms.transpose(*kept, *axes).reshape(shape), axis=1)


def largest(rows):
    """The largest magnitude that a sum of k of a row's terms has, for each k from two on.

    That is the sum of the k largest of one sign.  In any order, as in any tree, at most n - k + 1 of the n - 1 partial
    sums have k terms or more, so that these bound all of them, one by one.
    """
    found = np.cumsum(np.maximum(rows[:, ::-1], 0.0), axis=1)
    if (rows[:, :1] < 0).any():
        found = np.maximum(found, np.cumsum(np.maximum(-rows, 0.0), axis=1))
    return found[:, 1:]


def alike(sizes, rounding, digit):
    """The largest number of a row's terms that round alike in its sum; those that are lost whole do not count.

    They are those that are equal once rounded as the sum is, and those of one remainder by the sum's last digit.
    """
    steps = np.rint(sizes / np.maximum(rounding, np.finfo(np.float64).tiny))
    digits = sizes / digit
    found = np.concatenate([steps * (steps > 1), digits - np.floor(digits)])
    return np.max(_longest_run(np.sort(found, axis=1)).reshape(2, -1, 1), axis=0)


def last_digit(values, u):
    """What the last digit of each value is worth in a dtype of unit roundoff u."""
    return np.ldexp(u, np.frexp(values)[1])


def _longest_run(values):
    """The largest number of neighbours in a row that are equal, and above zero; one at least."""
    same = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] > 0)
    place = np.arange(1, values.shape[1])
    # Each value's distance from the last one before it that is not its equal.
    run = place - np.maximum.accumulate(np.where(same, 0, place), axis=1)
    return run.max(axis=1) + 1.0
