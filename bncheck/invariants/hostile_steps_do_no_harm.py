"""After any step, refused or not, a layer that is given a state again trains on good data as ever.

Zero channels, no rows, NaN, the largest numbers, negative strides, a moving variance below zero: none ends the process.

Why: one bad request must not take a server down, or leave behind a layer that answers wrongly.
"""

from bncheck.cases.edge_strategies import HOSTILE, hostile_cases, hostile_example
from bncheck.invariants import PAPER, Origin
from bncheck.truth.compare import near
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = PAPER.also(
    Origin(
        "https://github.com/ml-explore/mlx/blob/v0.32.4/python/mlx/nn/layers/normalization.py",
        affected={"mlx": ">=0.32.0,<=0.32.4"},
        note="statistics of one channel take the shape of what was broadcast to them, and no state fits any more",
        examples=(len(HOSTILE),),
    )
)
KIND = "metamorphic"
NEEDS = {"inference", "training", "gradients"}
CASES = hostile_cases
EXAMPLES = [*(hostile_example(kind) for kind in sorted(HOSTILE)), hostile_example("channels", (2, 1))]


def variants(case):
    return [case.but(steps=(case.steps[0], *case.steps[-2:]))]


def check(subject, case):
    (calm,) = variants(case)
    harmed, as_ever, right = subject.run(case), subject.run(calm), expected(subject, calm)
    if harmed.raised and (not case.first_x.size or case.layer.eps == 0):
        return 0.0  # no channels, and an epsilon of zero, may be refused throughout
    at = len(case.steps) - 2
    margins = [near("output after a hostile step", harmed.y(at), as_ever.y(1), 2 * right[1]["y"].error)]
    for name, ball in right[2]["state"][0].items():
        found, wanted = harmed.state(at + 1)[0][name], as_ever.state(2)[0][name]
        margins.append(near(f"{name} after a hostile step", found, wanted, 2 * ball.error))
    return max(margins)


def mutant():
    return Traits(after_failure="spoilt")
