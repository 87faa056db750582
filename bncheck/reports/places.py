"""Places in a subject's answers, and what a law computes from the arrays there."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bncheck.cases.case import Case
from bncheck.errors import UsageError

# Where the arrays stand that a law computes a number from, and which are rows by channels for a number of a channel.
ARRAYS = {
    "y": ("y",),
    "dx": ("dx",),
    "gamma_gradient": ("params", 0, "gamma"),
    "moving_mean": ("state", 0, "moving_mean"),
    "moving_variance": ("state", 0, "moving_variance"),
}
ROWS = ("x", "y", "dx")
# What no right number is.
SPOILT = -(2.0**100)


@dataclass(frozen=True)
class Place:
    """Where a number comes from: a case, a step of it, the way into the step's answer, and the index in the array."""

    case: Case
    step: int
    way: tuple
    index: tuple = ()


@dataclass(frozen=True)
class Through:
    """What a function gives of places in the answers to one case, and of values; without an index all that it gives.

    The names of ``rows`` are taken as rows by channels.
    """

    function: Callable
    places: dict
    values: dict = field(default_factory=dict)
    rows: tuple = ()
    index: tuple | None = None

    @property
    def case(self):
        """The case that is run."""
        return next(iter(self.places.values())).case


def through(function, names, index, law, case, answers):
    """What a law's function gives of the answers."""
    found = {name: names.get(name, name) for name in inspect.signature(function).parameters}
    sources = {name: _source(called, law, case, answers) for name, called in found.items()}
    places = {name: source for name, source in sources.items() if isinstance(source, Place)}
    rows = tuple(name for name in found if name in ROWS) if len(index) == 1 else ()
    return Through(function, places, {n: s for n, s in sources.items() if n not in places}, rows, index)


def _source(name, law, case, answers):
    """What a parameter of this name is: a place in the answers, or a value of the case."""
    kind, _, step = name.rpartition("_")
    if not step.isdigit():
        return _last(ARRAYS[name], law, case, answers) if name in ARRAYS else _given(case, name)
    (program,) = answers.asked.values()
    return Place(program, int(step), ARRAYS[kind]) if int(step) else program.steps[0].state[0][kind]


def _last(way, law, case, answers):
    """The last array that stands there and that the law looks at.  Raises UsageError where it looks at none."""
    found = None
    for (digest, step, place), array in answers.arrays():
        spoilt = (SPOILT * np.arange(1, array.size + 1)).reshape(array.shape).astype(array.dtype)
        if place == way and answers.violation(law, case, [((digest, step, way), spoilt)]):
            found = Place(answers.asked[digest], step, way)
    if found is None:
        raise UsageError(f"{law.name} looks at no {way[-1]} of this case")
    return found


def _given(case, name):
    layer = case.layer
    if name not in ("gamma", "beta"):
        return {"x": case.first_x, "axis": layer.axis, "eps": layer.eps, "momentum": layer.momentum}[name]
    default = np.full(case.shape[layer.axis], {"gamma": 1.0, "beta": 0.0}[name])
    return case.steps[0].state[0].get(name, default)
