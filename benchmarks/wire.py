"""What a round trip to a worker costs beyond the program that it runs: 32x8 float32 values there and back.

The program is a network without layers, so that the framework only takes the array and hands it back.
"""

import time

import numpy as np

from benchmarks.common import REFERENCE, median, started, text
from bncheck.cases.case import Case, Forward

CELLS = ("torch2.13", "keras3.15-tf", "tf1.14")
TRIPS, GOAL = 1000, 0.1


def measure(cells=CELLS, trips=TRIPS):
    """For each cell the median of the round trips, in milliseconds."""
    return {name: _cell(name, trips) for name in cells}


def _cell(name, trips):
    x = np.random.default_rng(0).normal(size=(32, 8)).astype("float32")
    program = Case((), (Forward(x, False),)).plain
    whole, beyond = [], []
    with started(name) as subject:
        for _ in range(trips):
            start = time.perf_counter()
            subject.transport.send([program])
            (answer,) = subject.transport.receive()
            whole.append(1e3 * (time.perf_counter() - start))
            beyond.append(whole[-1] - 1e3 * answer.get("seconds", 0.0))
        if answer.get("raised") or not np.array_equal(answer["steps"][0]["y"], x):
            raise RuntimeError(f"{name} gave another array back: {answer}")
    return {"round_trip_ms": median(whole), "overhead_ms": median(beyond)}


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        goal = "" if name == REFERENCE else f"{GOAL} ms"
        yield "round trip less the program, 32x8", name, f"{text(cell['overhead_ms'])} ms", goal
