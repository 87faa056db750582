"""The layers of a case's network, as frozen records that turn into plain values and back."""

from dataclasses import dataclass, fields

from bncheck.errors import UsageError


@dataclass(frozen=True)
class Layer:
    """A layer of a network."""

    def plain(self):
        """The layer as a dict of JSON values, its kind under ``layer``."""
        return {"layer": type(self).__name__, **vars(self)}


@dataclass(frozen=True)
class Dense(Layer):
    """y = x @ kernel + bias, with a kernel of (inputs, units)."""

    units: int
    bias: bool = True


@dataclass(frozen=True)
class Linear(Layer):
    """The identity activation."""


@dataclass(frozen=True)
class Activation(Layer):
    """An elementwise function: ``relu``, ``tanh`` or ``sigmoid``."""

    name: str


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation (Ioffe and Szegedy 2015) over all axes but ``axis``, which is 1 or -1.

    ``momentum`` is the share that a moving statistic keeps at each training step, or None for the plain average of all
    batches so far; ``scale`` and ``center`` say whether there is a gamma and a beta.
    """

    momentum: float | None = 0.9
    eps: float = 1e-3
    scale: bool = True
    center: bool = True
    axis: int = -1


@dataclass(frozen=True)
class Dropout(Layer):
    """Inverted dropout: in training each value is zero with probability ``rate``."""

    rate: float = 0.0


@dataclass(frozen=True)
class Detached(Layer):
    """A layer that is constructed and never added to the network; a framework may make its weights then, or never."""

    of: Layer

    def plain(self):
        """The layer as a dict, its own layer as a dict within it."""
        return {"layer": "Detached", "of": self.of.plain()}


KINDS = {kind.__name__: kind for kind in (Dense, Linear, Activation, BatchNorm, Dropout, Detached)}
ACTIVATIONS = ("relu", "tanh", "sigmoid")


def layer_from_plain(plain):
    """The layer of a dict made by :meth:`Layer.plain`.  Raises UsageError for anything else."""
    if not isinstance(plain, dict) or plain.get("layer") not in list(KINDS):  # a list compares what has no hash, too
        raise UsageError(f"a layer is an object with a 'layer' of {', '.join(KINDS)}, not {plain!r:.80}")
    kind = KINDS[plain["layer"]]
    values = {name: value for name, value in plain.items() if name != "layer"}
    known = {field.name: field.type for field in fields(kind)}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"a {kind.__name__} has no {name!r}: it has {', '.join(known) or 'no fields'}")
        if kind is not Detached and not _fits(value, known[name]):
            wanted = getattr(known[name], "__name__", known[name])
            raise UsageError(f"{kind.__name__}.{name} should be of type {wanted}, not {value!r:.80}")
    if kind is Detached:
        return Detached(layer_from_plain(values.get("of")))
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"a {kind.__name__}: {error}") from None


def _fits(value, kind):
    if kind in (float, float | None):
        return type(value) in (int, float) or (value is None and kind is not float)
    return type(value) is kind
