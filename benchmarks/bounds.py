"""How far the bounds are from the errors that frameworks really make, and whether they ever were too small.

Sharpness: float32, standard normal data, 8 to 257 rows.  Soundness: the largest margin (error / bound) of any law over
a long search on all the distributions, offsets and scales that a run draws.
"""

import numpy as np

from benchmarks.common import laws_of_a_layer, median, started, text
from bncheck.cases.case import Backward, State
from bncheck.cases.distributions import normal
from bncheck.cases.network import BatchNorm
from bncheck.cases.strategies import CHANNELS, ROWS, SIDES, batch_norm_state, data, layer_case
from bncheck.engine.examine import Budget, examine
from bncheck.truth.ball import magnitude
from bncheck.truth.expected import expected
from bncheck.truth.probe import measure as conventions

CELLS = ("torch2.13", "keras3.15-tf")
SHARPNESS_CASES, SOUNDNESS_CASES = 300, 2000
GOAL = 30.0


def measure(cells=CELLS, cases=SHARPNESS_CASES, search=SOUNDNESS_CASES):
    """For each cell the sharpness of each quantity's bound, and the largest margin of a search."""
    found = {}
    for name in cells:
        with started(name) as subject:
            subject.conventions = conventions(subject)
            found[name] = {"sharpness": sharpness(subject, cases), "soundness": soundness(subject, search)}
    return found


def sharpness(subject, count):
    """For each quantity: how many times the largest error its bound is (the median case), and typical by typical."""
    largest, typical = {}, {}
    for seed in range(count):
        for name, error, bound in _errors(subject, well_conditioned(seed)):
            share = float(np.max(error / bound))
            largest.setdefault(name, []).append(1 / share if share else None)
            middle = float(np.median(error))
            typical.setdefault(name, []).append(float(np.median(bound)) / middle if middle else None)
    return {name: {"largest": _median(largest[name]), "typical": _median(typical[name])} for name in largest}


def _median(values):
    """The median of the cases that made an error at all."""
    return median([value for value in values if value is not None])


def well_conditioned(seed):
    """A case of standard normal data."""
    rng = np.random.default_rng(seed)
    rows = int(rng.choice([n for n in ROWS if 8 <= n <= 257]))
    channels = int(rng.choice(CHANNELS))
    side = (int(rng.choice(SIDES)),) * int(rng.choice((0, 2)))
    axis = int(rng.choice((-1, 1)))
    layer = BatchNorm(momentum=0.9, eps=float(rng.choice((1e-3, 1e-5))), axis=axis)
    shape = (rows, *side, channels) if axis == -1 else (rows, channels, *side)
    x = data(rng, normal, shape, axis, "float32")
    dy = rng.normal(size=shape).astype("float32")
    return layer_case(layer, [x], dy, [batch_norm_state(rng, layer, channels, "float32")])


def _errors(subject, case):
    trace, right = subject.run(case), expected(subject, case)
    infer, train = (case.where(Backward, training=flag)[0] for flag in (False, True))
    after = case.where(State)[-1]
    yield "output in inference", *_error(trace.y(infer), right[infer]["y"])
    yield "output in training", *_error(trace.y(train), right[train]["y"])
    yield "gradient for the input", *_error(trace.dx(train), right[train]["dx"])
    for name in ("moving_mean", "moving_variance"):
        yield name.replace("_", " "), *_error(trace.state(after)[0][name], right[after]["state"][0][name])


def _error(actual, ball):
    with np.errstate(all="ignore"):
        return magnitude(ball.arithmetic.lift(actual) - ball.value), ball.error


def soundness(subject, count):
    """The law with the largest margin, the number of law-cases, and the laws that were broken."""
    results = examine(subject, laws_of_a_layer(), Budget(count, shrink=False))
    worst = max(results, key=lambda result: result.margin)
    return {
        "checks": sum(result.cases for result in results),
        "margin": worst.margin,
        "law": worst.invariant,
        "broken": sorted(result.invariant for result in results if result.verdict == "fail"),
    }


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        for quantity, part in cell["sharpness"].items():
            figure = f"{text(part['largest'])} times the largest error; typical by typical {text(part['typical'])}"
            yield f"bound of the {quantity}", name, figure, f"{GOAL:.0f}"
        sound = cell["soundness"]
        figure = f"{sound['margin']:.5f} ({sound['law']}) in {sound['checks']} checks"
        broken = f"; broken: {', '.join(sound['broken'])}" if sound["broken"] else ""
        yield "largest margin", name, figure + broken, "1"
