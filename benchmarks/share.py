"""The share of a search's wall time that is spent in the framework's worker, without its start.

``inside`` counts the programs as the worker ran them: our adapter and the framework.  How much of that is the adapter's
own is told by a profile of the same programs (see profile_worker.py).
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.common import REFERENCE, laws_alone, laws_of_a_layer, median, python_of, searched, started, text
from bncheck.engine.examine import Budget, examine
from bncheck.subjects import matrix
from bncheck.subjects.transport import ENVIRONMENT
from bncheck.worker import codec

CELLS = ("keras3.15-tf", "torch2.13")
GOALS = {"keras3.15-tf": 0.75, "torch2.13": 0.30}
EXAMPLES, ROUNDS, PROFILED = 100, 3, 40


def measure(cells=CELLS, examples=EXAMPLES, rounds=ROUNDS, profiled=PROFILED):
    """For each cell the medians over the rounds, for all laws and for those of one layer, and the adapter's share."""
    found = {}
    for name in cells:
        found[name] = {
            "all laws": _median(name, laws_alone(), examples, rounds),
            "one layer": _median(name, laws_of_a_layer(), examples, rounds),
        }
        if name != REFERENCE:
            found[name]["adapter_share_of_inside"] = adapter_share(name, profiled)
    return found


def _median(name, laws, examples, rounds):
    found = [_search(name, laws, Budget(examples, None, seed)) for seed in range(rounds)]
    return {key: median([each[key] for each in found]) for key in found[0]}


def _search(name, laws, budget):
    with started(name) as subject:
        results, seconds = searched(subject, laws, budget)
    return {
        "seconds": seconds["wall"],
        "checks": sum(result.cases for result in results),
        "share": seconds["inside"] / seconds["wall"],
        "host_cpu_seconds": seconds["host_cpu"],
        "inside": seconds["inside"],
    }


def adapter_share(name, examples):
    """The share of the time inside that is our adapter's own, by a profile of one layer's programs."""
    cell = matrix.cell(name)
    with tempfile.TemporaryDirectory() as folder, started(name) as subject:
        frames = Path(folder) / "frames"
        sent, send = [], subject.transport.send

        def keep(programs):
            sent.extend(programs)
            send(programs)

        subject.transport.send = keep
        examine(subject, laws_of_a_layer(), Budget(examples))
        frames.write_bytes(codec.encode({"programs": sent}))
        script = Path(__file__).with_name("profile_worker.py")
        answer = subprocess.run(
            [python_of(name), "-I", str(script), str(frames), cell.framework, cell.mode or ""],
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(answer.stdout.splitlines()[-1])["adapter_share"]


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        for which in ("all laws", "one layer"):
            part = cell[which]
            figure = f"{100 * part['share']:.0f} % of {text(part['seconds'])} s, {part['checks']:.0f} checks"
            goal = f"{100 * GOALS[name]:.0f} %" if name in GOALS else ""
            yield f"time inside the framework, {which}", name, figure, goal
        if "adapter_share_of_inside" in cell:
            yield "of which our adapter's own", name, f"{100 * cell['adapter_share_of_inside']:.0f} %", ""
