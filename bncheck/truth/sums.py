"""What adding terms up in an unknown order may come across: the largest partial sums, and terms that round alike."""

import numpy as np


def rows(terms, axes):
    """The terms of each sum in a row, from the least to the largest."""
    kept = [axis for axis in range(terms.ndim) if axis not in axes]
    sums, count = (int(np.prod([terms.shape[axis] for axis in some])) for some in (kept, axes))
    return np.sort(terms.transpose(*kept, *axes).reshape(sums, count), axis=1)


def largest(rows):
    """The largest magnitude that a sum of k of a row's terms has, for each k from two on.

    That is the sum of the k largest of one sign.  In any order, as in any tree, at most n - k + 1 of the n - 1 partial
    sums have k terms or more, so that these bound all of them, one by one.
    """
    signs = (rows[:, ::-1], -rows)
    return np.maximum(*(np.cumsum(np.maximum(signed, 0.0), axis=1) for signed in signs))[:, 1:]


def alike(sizes, rounding, digit):
    """The largest number of a row's terms that round alike in its sum; those that are lost whole do not count.

    They are those that are equal once rounded as the sum is, and those of one remainder by the sum's last digit.
    """
    steps = np.round(np.sort(sizes, axis=1) / np.maximum(rounding, np.finfo(np.float64).tiny))
    rest = np.sort(np.fmod(sizes, digit), axis=1)
    return np.maximum(_longest_run(steps, steps > 1), _longest_run(rest, rest > 0))


def last_digit(values, u):
    """What the last digit of each value is worth in a dtype of unit roundoff u."""
    return np.ldexp(u, np.frexp(values)[1])


def _longest_run(values, counted):
    """The largest number of neighbours in a row that are equal, of those that are counted; one at least."""
    same = (values[:, 1:] == values[:, :-1]) & counted[:, 1:]
    place = np.arange(1, values.shape[1])
    # Each value's distance from the last one before it that is not its equal.
    run = place - np.maximum.accumulate(np.where(same, 0, place), axis=1)
    return run.max(axis=1, keepdims=True) + 1.0
