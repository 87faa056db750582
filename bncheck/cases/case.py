"""A case: a network, a seed, and the steps that are asked of it; frozen, and plain JSON in a record."""

import hashlib
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache

import numpy as np

from bncheck.cases.arrays import from_json, to_json
from bncheck.cases.network import BatchNorm, layer_from_plain
from bncheck.errors import UsageError
from bncheck.worker import codec


@dataclass(frozen=True, eq=False)
class Step:
    """One thing that a network is asked to do.  A field that is None is not sent."""

    @property
    def mode(self):
        """The word for the mode of a step that has one."""
        return "training" if self.training else "inference"

    @property
    def said(self):
        """The fields by name, without those that are None."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def plain(self):
        """The step as a dict of plain values and arrays, its kind under ``step``."""
        return {"step": type(self).__name__, **self.said}


@dataclass(frozen=True, eq=False)
class SetState(Step):
    """Set the weights and statistics: for each layer a dict of arrays (see ``worker/adapters``).

    ``layout`` is how the arrays lie in memory (see ``worker/layouts``); here and in other steps, contiguous by default.
    """

    state: list
    layout: str | None = None


@dataclass(frozen=True, eq=False)
class State(Step):
    """Report the weights and statistics of every layer."""


@dataclass(frozen=True, eq=False)
class Batches(Step):
    """Report for every layer the number of batches that it has counted in training, None where it does not count."""


@dataclass(frozen=True, eq=False)
class Forward(Step):
    """Compute the output y for the input ``x``, in training or in inference.

    ``mask`` is true where a step of ``x`` counts, and has the shape of ``x`` without the channels, or one value for all
    along an axis; ``compiled`` is ``graph`` for a call traced to a graph, ``fused`` for one that an optimising compiler
    made, and eager by default.
    """

    x: np.ndarray
    training: bool
    mask: np.ndarray | None = None
    layout: str | None = None
    compiled: str | None = None


@dataclass(frozen=True, eq=False)
class Backward(Step):
    """Compute the output y, and the gradients of sum(y * dy) for the input and the parameters."""

    x: np.ndarray
    dy: np.ndarray
    training: bool
    layout: str | None = None
    compiled: str | None = None


@dataclass(frozen=True, eq=False)
class SecondBackward(Step):
    """Compute dx, the gradient of sum(y * dy) for x, and ``ddx`` and ``ddy``, those of sum(dx * v) for x and dy."""

    x: np.ndarray
    dy: np.ndarray
    v: np.ndarray
    training: bool


@dataclass(frozen=True, eq=False)
class ForwardFixed(Step):
    """Compute y by a model whose layers were called with ``training=fixed``, called with ``training`` itself."""

    x: np.ndarray
    fixed: bool
    training: bool


@dataclass(frozen=True, eq=False)
class Predict(Step):
    """Compute y as the framework's own ``predict`` does, batch by batch."""

    x: np.ndarray
    batch_size: int = 8


@dataclass(frozen=True, eq=False)
class Evaluate(Step):
    """Compute the mean loss as the framework's own ``evaluate`` does, batch by batch."""

    x: np.ndarray
    y: np.ndarray
    loss: str = "mse"
    batch_size: int = 8


@dataclass(frozen=True, eq=False)
class Fit(Step):
    """Train on ``x`` and ``y`` in the order of the rows; ``optimizer`` has a ``name`` and a ``learning_rate``."""

    x: np.ndarray
    y: np.ndarray
    loss: str = "mse"
    optimizer: dict = field(default_factory=lambda: {"name": "sgd", "learning_rate": 0.01})
    batch_size: int = 8
    epochs: int = 1


@dataclass(frozen=True, eq=False)
class Train(Step):
    """Train as the framework's users do: with its own loop, defaults, shuffling and numbers of each epoch.

    ``optimizer`` has a ``name``, and only what is not the framework's own default.  The last rows, a share of
    ``validation``, are held out.  Losses are ``mse`` and ``binary_crossentropy``.
    """

    x: np.ndarray
    y: np.ndarray
    loss: str = "mse"
    optimizer: dict = field(default_factory=lambda: {"name": "adam"})
    batch_size: int = 32
    epochs: int = 1
    shuffle: bool = True
    validation: float = 0.0
    accuracy: bool = False


@dataclass(frozen=True, eq=False)
class Freeze(Step):
    """Freeze (``on``) or unfreeze a layer, as the framework's users do."""

    layer: int
    on: bool


@dataclass(frozen=True, eq=False)
class Track(Step):
    """Let a layer's moving statistics follow training (``on``) or stand, where a framework has a switch for it."""

    layer: int
    on: bool


@dataclass(frozen=True, eq=False)
class SaveLoad(Step):
    """Save the network and load it back through the framework's own format."""


@dataclass(frozen=True, eq=False)
class Attempt(Step):
    """Try a step that may be refused: its answer, or ``raised``, an object of type and message; the case goes on."""

    of: Step

    def plain(self):
        """The step as a dict, its own step as a dict within it."""
        return {"step": "Attempt", "of": self.of.plain()}


AT_ONCE = 4  # drawn cases that a search asks for at once
# For what is made of a case: the search asks for it, and the checks of several laws do so again.
remembered = lru_cache(maxsize=4 * AT_ONCE)
HALVES = ("float16", "bfloat16")
STEPS = {kind.__name__: kind for kind in Step.__subclasses__()}


@dataclass(frozen=True, eq=False)
class Case:
    """A program for a subject.

    ``input`` is the shape and dtype name that the network is built for, by default those of the first ``x``; ``fresh``
    asks for a newly built network, never one that was built for an earlier case and had its state set.  ``half`` is
    ``float16`` or ``bfloat16`` where the network's inputs and outputs have that dtype: its arrays travel as float32,
    which holds every such number, and its weights and statistics stay float32.
    """

    network: tuple
    steps: tuple
    seed: int = 0
    input: tuple | None = None
    fresh: bool = False
    half: str = ""

    @cached_property
    def plain(self):
        """The case as plain values and arrays, as it is sent to a worker."""
        found = {
            "network": [layer.plain() for layer in self.network],
            "steps": [step.plain() for step in self.steps],
            "seed": self.seed,
        }
        if self.input:
            found["input"] = [list(self.input[0]), self.input[1]]
        if self.fresh:
            found["fresh"] = True
        if self.half:
            found["half"] = self.half
        return found

    @cached_property
    def digest(self):
        """A hash of everything in the case: two cases of one digest are one case."""
        return hashlib.blake2b(codec.encode(self.plain), digest_size=16).hexdigest()

    @cached_property
    def shape(self):
        """The shape of the first input, rows first."""
        return self.first_x.shape if self.input is None else tuple(self.input[0])

    @cached_property
    def dtype(self):
        """The name of the input's dtype."""
        return self.first_x.dtype.name if self.input is None else self.input[1]

    @property
    def first_x(self):
        """The input of the first step that has one."""
        return next(step.x for step in self.steps if hasattr(step, "x"))

    @property
    def layer(self):
        """The first batch norm of the network."""
        return next(layer for layer in self.network if isinstance(layer, BatchNorm))

    def where(self, *kinds, **values):
        """The indices of the steps of these kinds whose fields have these values."""
        return [
            i
            for i, step in enumerate(self.steps)
            if isinstance(step, kinds) and all(getattr(step, name) == value for name, value in values.items())
        ]

    def but(self, **changes):
        """This case with other fields."""
        return replace(self, **changes)

    def to_json(self):
        """The case as JSON values: arrays are objects of dtype, shape and data."""
        return to_json(self.plain)

    @classmethod
    def from_json(cls, value):
        """The case of :meth:`to_json`'s value.  Raises UsageError, in one line, for anything else."""
        return cls.from_plain(from_json(value))

    @classmethod
    def from_plain(cls, plain):
        """The case of :attr:`plain`'s value.  Raises UsageError, in one line, for anything else."""
        try:
            network = tuple(layer_from_plain(layer) for layer in plain["network"])
            steps = tuple(_step(step) for step in plain["steps"])
            seed, given, fresh = plain["seed"], plain.get("input"), plain.get("fresh", False)
            if type(seed) is not int or type(fresh) is not bool:
                raise UsageError(
                    f"a case has a whole seed, and fresh is true or false, not {seed!r:.40}, {fresh!r:.40}"
                )
            half = plain.get("half", "")
            if half not in ("", *HALVES):
                raise UsageError(f"a case's half is {' or '.join(HALVES)}, not {half!r:.40}")
            case = cls(network, steps, seed, _input(given) if given else None, fresh, half)
            return case.digest and case
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise UsageError(f"not a case of bncheck: {type(error).__name__}: {error}") from None


def _step(plain):
    values = dict(plain)
    kind = STEPS.get(values.pop("step", None))
    if kind is None:
        raise UsageError(f"a step is one of {', '.join(STEPS)}, not {plain.get('step')!r}")
    for field_ in fields(kind):
        if kind is Attempt and field_.name in values:
            values[field_.name] = _step(values[field_.name])
        if field_.name in values and not _fits(values[field_.name], field_.type):
            value, wanted = type(values[field_.name]).__name__, getattr(field_.type, "__name__", field_.type)
            raise UsageError(f"{kind.__name__}.{field_.name} should be of type {wanted}, not {value}")
    if kind is SetState and not all(_is_arrays(layer) for layer in values.get("state", ())):
        raise UsageError("SetState.state should be a list of objects whose values are arrays")
    return kind(**values)


def _fits(value, kind):
    return type(value) is kind if kind in (bool, int) else isinstance(value, kind)


def _is_arrays(layer):
    return isinstance(layer, dict) and all(isinstance(value, np.ndarray) for value in layer.values())


def _input(given):
    shape, dtype = given
    if not isinstance(dtype, str) or not all(type(n) is int and n > 0 for n in shape):
        raise UsageError(f"a case's input is a shape and a dtype's name, not {given!r:.80}")
    return tuple(shape), dtype
