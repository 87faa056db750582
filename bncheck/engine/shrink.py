"""Makes a failing case small: fewer layers, steps, rows and channels, and plainer numbers.

The case is reduced on its explicit arrays, so that a finding shows ``x = [[0.], [8.]]`` and not how it was drawn.
"""

from dataclasses import replace

import numpy as np

from bncheck.cases.case import Case, SetState
from bncheck.cases.network import BatchNorm, Dense
from bncheck.engine.judge import violation
from bncheck.engine.pair import Pair
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.reference_subject import reference_subject

TRIES = 400


def smallest(subject, law, case, found, stop=lambda: False):
    """The smallest failing case that a few hundred tries find before ``stop`` says to end, and its violation."""
    tries = 0
    moved = True
    while moved and tries < TRIES and not stop():
        moved = False
        for smaller in _smaller(case):
            tries += 1
            again = _fails(subject, law, smaller)
            if again:
                case, found, moved = smaller, again, True
                break
            if tries >= TRIES or stop():
                break
    return case, found


def _fails(subject, law, case):
    """The violation on a smaller case; None where it is no case of the law any more, because the reference fails it."""
    try:
        right = reference_subject()
        if violation(Pair(right, right) if law.differential else right, law, case):
            return None
        return violation(subject, law, case)
    except (SubjectDied, ValueError, IndexError, TypeError, KeyError):
        return None


def _smaller(case):
    """Candidates, the greatest cuts first."""
    yield from _fewer_layers(case)
    yield from _fewer_steps(case)
    yield from _fewer_rows(case)
    yield from _fewer_channels(case)
    yield from _narrower(case)
    yield from _plainer_layer(case)
    yield from _plainer_numbers(case)


def _fewer_layers(case):
    for i in range(len(case.network) if len(case.network) > 1 else 0):
        network = case.network[:i] + case.network[i + 1 :]
        yield case.but(network=network, steps=_with_state(case, lambda state, i=i: state[:i] + state[i + 1 :]))


def _with_state(case, change):
    return tuple(SetState(change(list(s.state))) if isinstance(s, SetState) else s for s in case.steps)


def _fewer_steps(case):
    """Cases that end earlier; the laws refer to the first steps by their place."""
    for end in range(3, len(case.steps)):
        yield case.but(steps=case.steps[:end])


def _fewer_rows(case):
    rows = case.shape[0]
    if rows <= 2:
        return
    kept = [np.arange(rows // 2), np.arange(rows // 2, rows)]
    if rows <= 20:
        kept += [np.delete(np.arange(rows), i) for i in range(rows)]
    for some in kept:
        if len(some) >= 2 and case.input is None:
            yield _map_inputs(case, lambda a, some=some: a[some] if len(a) == rows else a)


def _map_inputs(case, change):
    steps = []
    for step in case.steps:
        arrays = {name: change(getattr(step, name)) for name in ("x", "dy", "y") if hasattr(step, name)}
        steps.append(replace(step, **arrays) if arrays else step)
    return case.but(steps=tuple(steps))


def _fewer_channels(case):
    if len(case.network) != 1 or not isinstance(case.network[0], BatchNorm):
        return
    axis = case.network[0].axis
    channels = case.shape[axis]
    halves = [np.arange(channels // 2), np.arange(channels // 2, channels)] if channels > 1 else []
    singles = [np.delete(np.arange(channels), i) for i in range(channels)] if 1 < channels <= 12 else []
    for some in halves + singles:
        cut = _map_inputs(case, lambda a, some=some: np.ascontiguousarray(np.take(a, some, axis=axis)))
        steps = _with_state(cut, lambda state, some=some: [{n: v[some] for n, v in state[0].items()}])
        yield cut.but(steps=steps)
    for side in range(2 if axis == 1 else 1, case.first_x.ndim - (axis == -1)):
        if case.shape[side] > 1:
            yield _map_inputs(case, lambda a, side=side: np.ascontiguousarray(np.take(a, [0], axis=side)))


def _narrower(case):
    """Dense layers of one unit and an input of one column, for a case that sets no state."""
    if case.where(SetState) or case.input is None:
        return
    shape, dtype = case.input
    if shape[-1] > 1:
        yield case.but(input=((*shape[:-1], 1), dtype))
    for i, layer in enumerate(case.network):
        if isinstance(layer, Dense) and layer.units > 1:
            yield case.but(network=(*case.network[:i], replace(layer, units=1), *case.network[i + 1 :]))


def _plainer_layer(case):
    for i, layer in enumerate(case.network):
        plain = [replace(layer, momentum=0.9), replace(layer, eps=1e-3)] if isinstance(layer, BatchNorm) else []
        for other in plain:
            if other != layer:
                yield case.but(network=(*case.network[:i], other, *case.network[i + 1 :]))
    if case.seed > 1:
        yield case.but(seed=1)


def _plainer_numbers(case):
    for index, step in enumerate(case.steps):
        if isinstance(step, SetState):
            for i, layer in enumerate(step.state):
                for name, array in layer.items():
                    for plain in _plainer(array):
                        state = [dict(own) for own in step.state]
                        state[i][name] = plain
                        yield _replace_step(case, index, SetState(state))
        for name in ("x", "dy", "y"):
            for plain in _plainer(getattr(step, name)) if hasattr(step, name) else ():
                yield _replace_step(case, index, replace(step, **{name: plain}))


def _replace_step(case, index, step) -> Case:
    return case.but(steps=(*case.steps[:index], step, *case.steps[index + 1 :]))


def _plainer(array):
    with np.errstate(all="ignore"):
        digits = np.where(array == 0, 0, np.floor(np.log10(np.abs(array), where=array != 0, out=np.zeros(array.shape))))
        rounded = [np.round(array / 10.0 ** (digits - n)) * 10.0 ** (digits - n) for n in (0, 1)]
    for plain in (np.ones_like(array), np.zeros_like(array), np.round(array), *rounded):
        plain = plain.astype(array.dtype)
        if not np.array_equal(plain, array) and _shorter(plain, array):
            yield plain


def _shorter(plain, array):
    """Whether the numbers take fewer characters, so that plainer numbers never grow again."""
    return len(repr(plain.tolist())) < len(repr(array.tolist()))
