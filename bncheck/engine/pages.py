"""What can be shown of a value of a trait: the laws that see it, and a case on which its numbers are others."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bncheck.cases.case import Case, Forward, Freeze, State
from bncheck.cases.network import BatchNorm, Dense, Linear
from bncheck.cases.trace import Malformed, Raised
from bncheck.cases.variants import layer_example, network_example, training_example
from bncheck.engine.measure import departures
from bncheck.engine.pair import Pair
from bncheck.invariants import load_all
from bncheck.truth.compare import Violation
from bncheck.truth.probe import PAPERS
from bncheck.truth.reference_subject import reference_subject

ROWS = [[0.0, 3.0], [8.0, 4.0], [1.0, 6.0]]
DY = [[1.0, 0.5], [-2.0, 1.0], [0.5, 3.0]]


@dataclass(frozen=True)
class Difference:
    """Where two values of a trait differ most: what, at which place, by the paper, and with the other value."""

    case: Case
    what: str
    where: tuple
    papers: object
    other: object


def own_laws(axis, value):
    """The laws whose mutant has the value and is else the paper's."""
    return [law for law in load_all().values() if departures(law.mutant()) == [(axis, value)]]


def seen_by(axis, value):
    """The names of the laws of which an example fails on the reference with the value, those made for it first."""
    broken, own = reference_subject(PAPERS.but(**{axis: value})), own_laws(axis, value)
    others = [law for law in load_all().values() if law not in own]
    return [law.name for law in (*own, *others) if any(_fails(broken, law, case) for case in law.examples)]


def _fails(broken, law, case):
    try:
        law.check(Pair(reference_subject(), broken) if law.differential else broken, case)
    except (Violation, Raised, Malformed) as problem:
        return not getattr(problem, "unsupported", False)
    return False


def difference(axis, value):
    """The largest difference that the value makes on a few cases; None where it makes none."""
    found = [each for case in cases() for each in _differences(case, PAPERS.but(**{axis: value}))]
    share, best = max(found, key=lambda each: each[0], default=(0, None))
    return best if share else None


@lru_cache
def cases():
    """Small cases, each for the axes that show in it."""
    one = layer_example([[8.0]], layer=BatchNorm()).steps[0]
    return (
        layer_example(ROWS, ROWS[::-1], dy=DY, layer=BatchNorm()),
        layer_example([[0.0], [0.004], [0.001]], layer=BatchNorm(eps=1e-6)),
        layer_example([[1e4 - 1], [1e4 + 1], [1e4]], layer=BatchNorm()),
        layer_example([[0.1], [0.7]], dtype="float64", layer=BatchNorm()),
        Case((BatchNorm(),), (one, Freeze(0, True), Forward(np.float32([[0.0], [8.0]]), True), State())),
        Case((BatchNorm(),), (one, Forward(np.float32([[8.0]]), True), State())),
        network_example(Linear()),
        training_example(),
        Case((Dense(1), Linear(), Dense(1)), (State(),), 1, ((2, 1), "float32")),
    )


def _differences(case, traits):
    """How much of its size each array differs by, and where most."""
    right, other = (_arrays(reference_subject(each).run(case)) for each in (PAPERS, traits))
    for what, array in right.items():
        if what not in other:
            yield 2.0, Difference(case, what, (), "an answer", other["raised"])
            return
        with np.errstate(all="ignore"):
            share = np.abs(array - other[what]) / (np.abs(array) + np.abs(other[what]))
        share = np.where(array == other[what], 0.0, np.where(np.isnan(share), 2.0, share))
        at = np.unravel_index(int(np.argmax(share)), share.shape)
        yield float(share[at]), Difference(case, what, tuple(map(int, at)), array[at].item(), other[what][at].item())


def _arrays(trace):
    """Every array of a trace, by what it is and the step that told it; and what was raised."""
    found = {"raised": f"{trace.raised[0]}: {trace.raised[1]}"} if trace.raised else {}
    for i, step in enumerate(trace.steps):
        for name in ("y", "dx"):
            if name in step:
                found[f"{name} of step {i}"] = step[name]
        for kind, of in (("state", ""), ("params", "the gradient for ")):
            for place, layer in enumerate(step.get(kind, ())):
                found |= {f"{of}{name} of layer {place} at step {i}": array for name, array in layer.items()}
    return found
