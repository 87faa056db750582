"""Cases of one batch norm that differ in their channels alone stand side by side in one call.

Channels are independent experiments: a case with 3 channels and one with 5 are one case with 8.  A search asks for a
few cases of one form at once, so that their variants stand side by side, too.  A case that does what another one
begins with may stand beside it, and repeats itself there while the other goes on.  A law that fails on a packed case
is confirmed on the plain one, and where that keeps it, on the packed one as a case of its own.
"""

from collections import defaultdict
from functools import lru_cache
from math import prod

import numpy as np

from bncheck.cases.case import AT_ONCE, Backward, Case, Forward, SetState, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.trace import Trace

PACKABLE = (SetState, State, Forward, Backward)
NUMBERS = 10_000  # in the first inputs of the cases that are asked at once


def at_once(cases):
    """The cases in lists of up to ``AT_ONCE`` of one form, the forms in the order in which the first of each came.

    Of large cases, whose time goes into their numbers and which take memory, a list has fewer.
    """
    groups = defaultdict(list)
    for case in cases:
        groups[_form(case)].append(case)
    return [some for group in groups.values() for some in _lists(group)]


def _lists(group):
    """Cases of one form in lists, whose first inputs have up to ``NUMBERS`` numbers together."""
    size = max(1, min(AT_ONCE, NUMBERS // max(1, max(prod(case.shape) for case in group))))
    return [group[i : i + size] for i in range(0, len(group), size)]


def _form(case):
    """Equal for cases that may stand side by side once they do the same."""
    key = _key(case)
    if key == case.digest:
        return key
    layer, dtype, half, steps = key
    return layer, dtype, half, next(shape for _, shape, *_ in steps if shape)


def pack(cases, repeating=False):
    """Groups of the cases, as pairs: the case to run, and the cases that stand in it, in order.

    With ``repeating`` a case may stand beside a longer one.
    """
    return _packed(tuple(cases), repeating)


@lru_cache(maxsize=8)  # many subjects may be asked the same
def _packed(cases, repeating):
    groups = defaultdict(list)
    for case in cases:
        groups[_key(case)].append(case)
    for key in list(groups) if repeating else ():
        longer = next((other for other in groups if _repeats(other, key)), None)
        if longer:
            groups[longer] += groups.pop(key)
    joined = {}
    return [(m[0] if len(m) == 1 else _side_by_side(m, joined), tuple(m)) for m in groups.values()]


def _is_simple(fields):
    return fields.get("mask") is None and fields.get("layout") is None and fields.get("compiled") is None


def _repeats(longer, key):
    """Whether cases of a longer key begin as those of the key do, and then only do the same again."""
    steps, more = key[-1], longer[-1]
    begins = len(more) > len(steps) and more[: len(steps)] == steps and longer[:-1] == key[:-1]
    return begins and set(more) <= set(steps)


@lru_cache(maxsize=64 * AT_ONCE)  # what is sent is packed, and what is judged
def _key(case):
    """Equal for cases that may stand side by side; a case that may not has a key of its own."""
    if len(case.network) != 1 or not isinstance(case.network[0], BatchNorm) or case.fresh or case.input:
        return case.digest
    if not all(isinstance(step, PACKABLE) and _is_simple(vars(step)) for step in case.steps):
        return case.digest
    axis = case.network[0].axis % len(case.shape)
    steps = []
    for step in case.steps:
        shape = list(step.x.shape) if hasattr(step, "x") else None
        if shape:
            shape[axis] = 0
        # A subject that lets a NaN out of its channel must not spoil the cases beside it.
        finite = shape is None or bool(np.isfinite(step.x).all())
        steps.append((type(step), shape and tuple(shape), getattr(step, "training", None), finite))
    return (case.network[0], case.dtype, case.half, tuple(steps))


def _lengthened(case, kinds):
    """The case's steps; then, for further kinds of steps, its first one of the kind again."""
    own = kinds[: len(case.steps)]
    return [*case.steps, *(case.steps[own.index(kind)] for kind in kinds[len(own) :])]


def _side_by_side(cases, joined):
    longest = max(cases, key=lambda case: len(case.steps))
    layer, kinds = longest.network[0], _key(longest)[-1]
    steps = []

    def join(arrays):
        """One array of several; steps that share theirs share the joined one, as do cases that are packed at once."""
        same = tuple(map(id, arrays))
        if same not in joined:
            joined[same] = np.concatenate(arrays, axis=layer.axis if arrays[0].ndim > 1 else 0)
        return joined[same]

    for together in zip(*(_lengthened(case, kinds) for case in cases), strict=True):
        first = together[0]
        if isinstance(first, SetState):
            names = first.state[0]
            steps.append(SetState([{n: join([s.state[0][n] for s in together]) for n in names}]))
        elif isinstance(first, State):
            steps.append(first)
        else:
            given = {n: join([getattr(s, n) for s in together]) for n in ("x", "dy") if hasattr(first, n)}
            steps.append(type(first)(**given, training=first.training))
    return Case((layer,), tuple(steps), cases[0].seed, half=cases[0].half)


def unpack(trace, members):
    """The trace of each member of a packed case, cut out of the packed case's own."""
    if len(members) == 1:
        return [trace]
    axis, start, found = members[0].network[0].axis, 0, []
    for case in members:
        stop = start + case.shape[axis]
        found.append(Trace([_cut(step, axis, start, stop) for step in trace.steps[: len(case.steps)]], trace.raised))
        start = stop
    return found


def _cut(step, axis, start, stop):
    found = {}
    for name, value in step.items():
        if name in ("state", "params"):
            found[name] = [{key: array[start:stop] for key, array in layer.items()} for layer in value]
        else:
            found[name] = value[:, start:stop] if axis == 1 else value[..., start:stop]
    return found
