"""Makes a failing case small: fewer layers, steps, rows and channels, and plainer numbers.

The case is reduced on its explicit arrays, so that a finding shows ``x = [[0.], [8.]]`` and not how it was drawn.
Chunks are removed as in delta debugging (Zeller and Hildebrandt 2002), the largest first.
"""

import math
from dataclasses import replace

import numpy as np

from bncheck.cases.case import Fit, SetState
from bncheck.cases.network import BatchNorm, Dense
from bncheck.engine.confirm import violation
from bncheck.engine.pair import Pair
from bncheck.engine.plainer import cost, digits, fillings
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.reference_subject import reference_subject

TRIES = 400
NUMBERS = 4_000_000  # in the inputs of all tries together: a large case gets fewer tries
CHUNKS = 16  # no chunk is smaller than this share of what is left, so that one pass cannot use up the tries
INPUTS = ("x", "dy", "v", "y")
PLAINEST = {"momentum": 0.9, "eps": 1e-3}
NO_CASE = (SubjectDied, ValueError, IndexError, TypeError, KeyError, AttributeError, StopIteration)


def smallest(subject, law, case, found, stop=lambda: False):
    """The smallest failing case that a few hundred tries find before ``stop`` says to end, and its violation."""
    reduction = Reduction(subject, law, case, found, stop)
    _two_rows(reduction)
    before = None
    while reduction.case is not before and not reduction.over():
        before = reduction.case
        for step in (_layers, _steps, _batches, _rows, _channels, _sides, _ranks, _widths, _settings, _numbers):
            step(reduction)
    return reduction.case, reduction.found


class Reduction:
    """The smallest failing case so far."""

    def __init__(self, subject, law, case, found, stop):
        self.subject, self.law, self.stop = subject, law, stop
        self.case, self.found = case, found
        self.tries, self.numbers, self.seen = 0, 0, {case.digest}

    def over(self):
        """Whether the tries are used up, or the user wants to stop."""
        return self.tries >= TRIES or self.numbers >= NUMBERS or self.stop()

    def accept(self, case):
        """Whether a smaller case fails, too, in the same manner; then it is the smallest so far."""
        if case.digest in self.seen or self.over() or not _has_input(case):
            return False
        self.seen.add(case.digest)
        self.tries += 1
        self.numbers += math.prod(case.shape)
        found = self._violation(case)
        if found is None or not _alike(self.found, found):
            return False
        self.case, self.found = case, found
        return True

    def _violation(self, case):
        """The violation on a case; None where it is no case of the law any more, because the reference fails it."""
        right = reference_subject()
        try:
            if violation(Pair(right, right) if self.law.differential else right, self.law, case):
                return None
            return violation(self.subject, self.law, case)
        except NO_CASE:
            return None


def _has_input(case):
    return case.input is not None or any(hasattr(step, "x") for step in case.steps)


def _alike(before, after):
    """A law that was broken by numbers is not explained by a case on which the framework raises or overflows."""
    numbers = [isinstance(found.actual, float) and math.isfinite(found.actual) for found in (before, after)]
    return type(after.actual) is type(before.actual) and numbers != [True, False]


def _reduce(count, least, accept):
    """Remove chunks of ``count`` things while ``accept(indices)`` holds, down to ``least``."""
    kept = np.arange(count)
    size = count // 2
    while size >= max(1, len(kept) // CHUNKS):
        start = 0
        while start < len(kept):
            rest = np.delete(kept, slice(start, start + size))
            if len(rest) >= least and accept(rest):
                kept = rest
            else:
                start += size
        size //= 2


def _two_rows(reduction):
    """Two rows of one channel with plain numbers, which show many defects of one layer."""
    case = reduction.case
    if not _is_one_layer(case) or {array.shape for array in _inputs(case)} != {case.shape} or case.first_x.size <= 2:
        return
    axis = case.layer.axis % len(case.shape)
    for side, count in enumerate(case.shape):
        kept = np.arange(min(count, 2 if side == 0 else 1))
        case = _channels_taken(case, kept, axis) if side == axis else _taken(case, kept, side)
    for x in fillings(case.first_x, "x"):
        if reduction.accept(case.but(steps=tuple(replace(s, x=x) if hasattr(s, "x") else s for s in case.steps))):
            return


def _inputs(case):
    return [getattr(step, name) for step in case.steps for name in INPUTS if hasattr(step, name)]


def _layers(reduction):
    for i in reversed(range(len(reduction.case.network))):
        case = reduction.case
        if len(case.network) > 1:
            reduction.accept(_with_network(case, case.network[:i] + case.network[i + 1 :], i))


def _with_network(case, network, gone):
    steps = [
        SetState(step.state[:gone] + step.state[gone + 1 :]) if isinstance(step, SetState) else step
        for step in case.steps
    ]
    return case.but(network=network, steps=tuple(steps))


def _steps(reduction):
    """Fewer steps behind the first, which sets the state."""
    case = reduction.case
    _reduce(
        len(case.steps) - 1,
        1,
        lambda kept: reduction.accept(case.but(steps=(case.steps[0], *(case.steps[1 + i] for i in kept)))),
    )


def _batches(reduction):
    """Training in one epoch and in batches of two, so that fewer rows are left."""
    for i in reduction.case.where(Fit):
        case = reduction.case
        for plain in (replace(case.steps[i], batch_size=2, epochs=1), replace(case.steps[i], epochs=1)):
            reduction.accept(case.but(steps=(*case.steps[:i], plain, *case.steps[i + 1 :])))


def _rows(reduction):
    """Fewer rows, but never one alone, of which there is no variance."""
    case = reduction.case
    if case.input is None:
        _reduce(case.shape[0], 2, lambda kept: reduction.accept(_taken(case, kept, 0)))


def _channels(reduction):
    case = reduction.case
    if _is_one_layer(case):
        axis = case.layer.axis
        _reduce(case.shape[axis], 1, lambda kept: reduction.accept(_channels_taken(case, kept, axis)))


def _sides(reduction):
    """Shorter sides behind the rows and beside the channels."""
    if not _is_one_layer(reduction.case):
        return
    ndim = len(reduction.case.shape)
    for side in set(range(1, ndim)) - {reduction.case.layer.axis % ndim}:
        case = reduction.case
        _reduce(case.shape[side], 1, lambda kept, case=case, side=side: reduction.accept(_taken(case, kept, side)))


def _ranks(reduction):
    """Rank 2, where every side has become one; a mask, which says which of the places count, stays with them."""
    case = reduction.case
    if not _is_one_layer(case) or any(getattr(step, "mask", None) is not None for step in case.steps):
        return
    channels = case.shape[case.layer.axis]
    if np.prod(case.shape) == case.shape[0] * channels:
        flat = _mapped(case, lambda array: array.reshape(len(array), channels))
        reduction.accept(flat.but(network=(replace(case.layer, axis=-1),)))


def _is_one_layer(case):
    return len(case.network) == 1 and isinstance(case.network[0], BatchNorm) and case.input is None


def _channels_taken(case, kept, axis):
    cut = _taken(case, kept, axis)
    steps = [
        SetState([{name: value[kept] for name, value in step.state[0].items()}]) if isinstance(step, SetState) else step
        for step in cut.steps
    ]
    return cut.but(steps=tuple(steps))


def _taken(case, kept, axis):
    """The case with these indices alone along an axis of every input, and of its mask, which has no channels."""

    def cut(array):
        return np.ascontiguousarray(np.take(array, kept, axis=axis))

    found = _mapped(case, cut)
    if axis in (-1, len(case.shape) - 1):
        return found
    return found.but(steps=tuple(replace(s, mask=cut(s.mask)) if _is_masked(s, axis) else s for s in found.steps))


def _is_masked(step, axis):
    """Whether a step has a mask with a value for each place along an axis, and not one for all."""
    mask = getattr(step, "mask", None)
    return mask is not None and mask.shape[axis] > 1


def _mapped(case, change):
    """The case with every input changed."""
    steps = []
    for step in case.steps:
        arrays = {name: change(getattr(step, name)) for name in INPUTS if hasattr(step, name)}
        steps.append(replace(step, **arrays) if arrays else step)
    return case.but(steps=tuple(steps))


def _widths(reduction):
    """Dense layers of one unit and an input of one column, for a case that sets no state."""
    case = reduction.case
    if case.where(SetState) or case.input is None:
        return
    shape, dtype = case.input
    if shape[-1] > 1:
        reduction.accept(case.but(input=((*shape[:-1], 1), dtype)))
    for i, layer in enumerate(case.network):
        if isinstance(layer, Dense):
            _replace_layer(reduction, i, replace(layer, units=1))


def _settings(reduction):
    """The usual momentum and epsilon, and the seed 1."""
    for i, layer in enumerate(reduction.case.network):
        for name, value in PLAINEST.items() if isinstance(layer, BatchNorm) else ():
            _replace_layer(reduction, i, replace(reduction.case.network[i], **{name: value}))
    reduction.accept(reduction.case.but(seed=1))


def _replace_layer(reduction, i, layer):
    network = reduction.case.network
    reduction.accept(reduction.case.but(network=(*network[:i], layer, *network[i + 1 :])))


def _numbers(reduction):
    for index, step in enumerate(reduction.case.steps):
        for name in INPUTS:
            if hasattr(step, name):
                _plain_input(reduction, index, name)
        for i, layer in enumerate(step.state if isinstance(step, SetState) else ()):
            for name in layer:
                _plain_state(reduction, index, i, name)


def _plain_input(reduction, index, name):
    """Plainer numbers in one input, and in all inputs that are equal to it, which the laws compare."""
    first = getattr(reduction.case.steps[index], name)

    def accept(array):
        steps, before = [], getattr(reduction.case.steps[index], name)
        for step in reduction.case.steps:
            same = hasattr(step, name) and np.array_equal(getattr(step, name), before)
            steps.append(replace(step, **{name: array}) if same else step)
        return reduction.accept(reduction.case.but(steps=tuple(steps)))

    _plain(first, name, accept)


def _plain_state(reduction, index, i, name):
    def accept(array):
        case = reduction.case
        state = [dict(layer) for layer in case.steps[index].state]
        state[i][name] = array
        step = replace(case.steps[index], state=state)
        return reduction.accept(case.but(steps=(*case.steps[:index], step, *case.steps[index + 1 :])))

    _plain(reduction.case.steps[index].state[i][name], name, accept)


def _plain(array, name, accept):
    """The plainest filling of the whole array that is accepted, else plainer numbers chunk by chunk."""
    for filling in fillings(array, name):
        if np.array_equal(filling, array) or accept(filling):
            return
    for plainer in digits(array):
        size = array.size
        while size >= max(1, array.size // CHUNKS):
            for start in range(0, array.size, size):
                array = _chunk(array, plainer, slice(start, start + size), accept)
            size //= 2


def _chunk(array, plainer, chunk, accept):
    """The array with plainer numbers in a chunk, where they are accepted."""
    changed = array.copy()
    changed.reshape(-1)[chunk] = plainer.reshape(-1)[chunk]
    return changed if cost(changed) < cost(array) and accept(changed) else array
