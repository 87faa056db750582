"""Subjects that are wrong on purpose: every defect of the traits, and the faults of this folder, one file a family.

A fault is a function that stands at one place of our own batch norm in plain arrays, as :class:`Bent` has them; it says
what a bug might do there.  A fault with a size says it for any size.  No mechanism is named after a fault: it measures
what the laws see.  One that frameworks are known to have is a value of the traits instead.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from bncheck.truth.layers import MATHS, BatchNormMath
from bncheck.truth.reference_subject import direct_subject
from bncheck.truth.traits import Traits, defects, values_of

MOVING = ("moving_mean", "moving_variance")
TRAITS = "traits"


@dataclass(frozen=True)
class Fault:
    """A function at a place of a batch norm; it is given the batch norm, and what stands there."""

    name: str
    sentence: str
    place: str
    function: Callable

    @property
    def maths(self):
        """What computes each kind of layer of a network whose batch norms have the fault."""
        return {**MATHS, "BatchNorm": partial(Bent, self)}


@dataclass(frozen=True)
class Sized:
    """A fault of any size: ``function`` is also given the size, a share of the number that is wrong."""

    name: str
    sentence: str
    place: str
    function: Callable

    def fault(self, size, dtype):
        """The fault of one size, in layers of one dtype alone."""

        def bend(at, *values):
            right = at.move if self.place == "moved" else unchanged
            return self.function(at, *values, size) if at.ar.dtype == np.dtype(dtype) else right(*values)

        return Fault(f"{self.name} by {size:.2g} in {dtype}", self.sentence, self.place, bend)


@dataclass(frozen=True)
class Mutant:
    """A subject that is wrong on purpose; its family is ``traits`` or a file of this folder."""

    family: str
    name: str
    sentence: str
    traits: Traits = Traits()  # noqa: RUF009 (frozen)
    fault: Fault | None = None

    def subject(self):
        """The mutant as a subject, newly made."""
        return direct_subject(self.traits, self.name, self.fault.maths if self.fault else MATHS)


@lru_cache
def load_all():
    """Every mutant by its name: the defects of the traits first, then the families by the alphabet."""
    found = [_of_trait(name, traits) for name, traits in defects(Traits())]
    for family, module in _families():
        found += [Mutant(family, fault.name, fault.sentence, fault=fault) for fault in getattr(module, "FAULTS", ())]
    return {mutant.name: mutant for mutant in found}


@lru_cache
def load_sized():
    """Every fault with a size, by its name."""
    return {sized.name: sized for _, module in _families() for sized in getattr(module, "SIZED", ())}


def _of_trait(name, traits):
    axis, _, value = name.partition(": ")
    return Mutant(TRAITS, name, values_of(axis)[value], traits)


def _families():
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [(name, importlib.import_module(f"{__name__}.{name}")) for name in names]


def unchanged(*values):
    """The values, one alone or a tuple."""
    return values[0] if len(values) == 1 else values


class Bent(BatchNormMath):
    """One batch norm with a fault at one of these places.

    ``settings`` (the layer), ``weights`` (a dict, as they are read), ``seen`` (x, for its statistics), ``statistics``
    (mean, variance), ``moved`` (weights, mean, variance, count; it returns nothing), ``inverse`` (the inverse
    deviation), ``output`` (y), ``gradient`` (dx), ``parameters`` (a dict of gradients).
    """

    def __init__(self, fault, arithmetic, layer, traits):
        super().__init__(arithmetic, layer, traits)
        self.fault, self.calls, self.kept = fault, 0, None
        self.layer = self.bent("settings", layer)

    def bent(self, place, *values):
        """What the fault makes of the values, where it stands at that place."""
        if self.fault.place == place:
            return self.fault.function(self, *values)
        return unchanged(*values)

    def forward(self, weights, x, training, batch_statistics, mask=None):
        """As the parent's."""
        self.calls += training
        self.training = batch_statistics
        read = self.bent("weights", dict(weights))
        y = super().forward(read, x, training, batch_statistics, mask)
        if training:
            weights.update({name: read[name] for name in MOVING})
        return self.bent("output", y)

    def backward(self, dy):
        """As the parent's; the cotangent is kept for faults to use."""
        self.dy = dy
        dx, parameters = super().backward(dy)
        return self.bent("gradient", dx), self.bent("parameters", parameters)

    def move(self, weights, mean, variance, count):
        """The right move, for a fault that makes it late or not at all."""
        super()._move(weights, mean, variance, count)

    def summed(self, values):
        """The sum over all axes but the channels', which are kept."""
        return values.sum(axis=self.cache[4], keepdims=True)

    def _batch(self, x, axes, mask=None):
        mean, variance, count = super()._batch(self.bent("seen", x) if mask is None else x, axes, mask)
        shape = mean.shape
        mean, variance = self.bent("statistics", mean.reshape(-1), variance.reshape(-1))
        return mean.reshape(shape), variance.reshape(shape), count

    def _move(self, weights, mean, variance, count):
        if self.fault.place == "moved":
            self.fault.function(self, weights, mean, variance, count)
        else:
            self.move(weights, mean, variance, count)

    def _inverse(self, variance):
        return self.bent("inverse", super()._inverse(variance))
