"""Measures a subject's conventions: fixed cases, and the variant of the reference that explains all their numbers."""

from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np

from bncheck.cases.network import BatchNorm
from bncheck.cases.trace import Malformed, Raised
from bncheck.cases.variants import layer_example, training_variant
from bncheck.subjects.subject import SubjectDied
from bncheck.truth import reference
from bncheck.truth.compare import Violation, close
from bncheck.truth.traits import LEGAL, Traits

SETTINGS = tuple(product((2, 3, 4, 5), ("last", "first"), ("float32", "float64")))
UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Conventions:
    """The traits of a subject at each setting: rank, position of the channels, dtype."""

    traits: dict = field(default_factory=dict)

    def at(self, case):
        """The traits that hold for a case."""
        norm = next((layer for layer in case.network if isinstance(layer, BatchNorm)), None)
        position = "first" if norm is not None and norm.axis == 1 else "last"
        found = self.traits.get((len(case.shape), position, case.dtype))
        return _estimating(found if found in LEGAL["running_variance"] else Traits.running_variance)

    def plain(self):
        """The measured axes as plain values: one value, or a value for each setting where they differ."""
        values = set(self.traits.values())
        if len(values) <= 1:
            return {"running_variance": next(iter(values), UNEXPLAINED)}
        named = {f"rank {rank}, channels {position}, {dtype}": v for (rank, position, dtype), v in self.traits.items()}
        return {"running_variance": named}


@cache
def _estimating(estimator):
    return Traits(running_variance=estimator)


def measure(subject):
    """The conventions of a subject; a setting that it does not offer is left out."""
    cases = {setting: _case(*setting) for setting in SETTINGS}
    subject.prefetch(cases.values())
    found = {}
    for setting, case in cases.items():
        try:
            found[setting] = _running_variance(subject.run(case), case)
        except Raised as raised:
            if not raised.unsupported:
                found[setting] = UNEXPLAINED
        except (Malformed, SubjectDied):
            found[setting] = UNEXPLAINED
    return Conventions(found)


def _case(rank, position, dtype):
    """Three rows of two channels, so that n - 1 and n are far apart, and a momentum that no dtype rounds."""
    rows = np.array([[0.0, 1.0], [8.0, -2.0], [1.0, 5.0]])
    x = rows.reshape([3, *[1] * (rank - 2), 2]) if position == "last" else rows.reshape([3, 2, *[1] * (rank - 2)])
    case = layer_example(x, dtype=dtype, layer=BatchNorm(momentum=0.5, axis=-1 if position == "last" else 1))
    return training_variant(case, x.astype(dtype))


def _running_variance(trace, case):
    """The estimator that explains the moving variance, in the case's dtype or, failing that, in float32."""
    actual = trace.state(2)[0].get("moving_variance")
    for precision, value in product(("dtype", "single"), LEGAL["running_variance"]):
        traits = Traits(running_variance=value, precision=precision)
        right = reference.run(case, traits)[2]["state"][0]["moving_variance"]
        try:
            close("moving variance", actual, right)
            return value
        except (Violation, AttributeError):
            continue
    return UNEXPLAINED
