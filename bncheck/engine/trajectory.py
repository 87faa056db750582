"""Two subjects train from the same weights on the same batches: how far they stay together, and what parts them.

The reference follows both, and its bound grows with the steps.  They part at the first step after which a number of one
is further from the other's than both bounds allow.
"""

from dataclasses import replace
from itertools import product

import numpy as np

from bncheck.cases.case import Fit
from bncheck.cases.network import BatchNorm
from bncheck.truth import reference
from bncheck.truth.compare import Violation, close
from bncheck.truth.traits import LEGAL, Traits

STEPS = (1, 2, 5, 10, 20, 30, 40, 50)
# What the second subject's layer has in place of the first's; frameworks differ in the defaults of both.
SETTINGS = {"the same layer": {}, "epsilon 1e-5": {"eps": 1e-5}, "momentum 0.9": {"momentum": 0.9}}
GROUPS = {
    "weights": ("kernel", "bias", "gamma", "beta"),
    "moving mean": ("moving_mean",),
    "moving variance": ("moving_variance",),
}
# The conventions that can part a group of themselves.
AXES = {
    "weights": (),
    "moving mean": ("momentum_precision",),
    "moving variance": ("running_variance", "momentum_precision"),
}
CANDIDATES = tuple(
    Traits(running_variance=estimator, momentum_precision=precision)
    for precision, estimator in product(("layer", "single"), LEGAL["running_variance"])
)
UNEXPLAINED = "unexplained"


def follow(first, second, case):
    """What came of both subjects on a case of SetState, Fit and State, as plain values; a row a setting and group."""
    rows = [row for setting, changes in SETTINGS.items() for row in _rows(first, second, case, setting, changes)]
    return {"subjects": [first.name, second.name], "steps": list(STEPS), "rows": rows}


def _rows(first, second, case, setting, changes):
    one, other = Runner(first, case), Runner(second, _with(case, changes))
    for group, names in GROUPS.items():
        found = [_gap(one.after(step), other.after(step), names) for step in STEPS]
        at = next((i for i, (_, _, parted) in enumerate(found) if parted), None)
        yield {
            "setting": setting,
            "group": group,
            "gaps": [gap for gap, _, _ in found],
            "allowed": [allowed for _, allowed, _ in found],
            "parted": None if at is None else _first_step(one, other, names, at),
            "because": "" if at is None else _because(one, other, group, setting if changes else ""),
        }


def _with(case, changes):
    """The case with other settings of its batch norm."""
    return case.but(network=tuple(replace(n, **changes) if isinstance(n, BatchNorm) else n for n in case.network))


def _first_step(one, other, names, at):
    """The first step after which they are apart, between the last at which they were not and the next that was seen."""
    before = STEPS[at - 1] if at else 0
    apart = (step for step in range(before + 1, STEPS[at]) if _gap(one.after(step), other.after(step), names)[2])
    return next(apart, STEPS[at])


def _gap(one, other, names):
    """The largest gap, the largest bound, and whether a gap is larger than its own bound."""
    gap, largest, parted = 0.0, 0.0, False
    for (actual, exact), (actual_too, exact_too) in zip(one, other, strict=True):
        for name in set(names) & set(actual):
            apart = np.abs(actual[name] - actual_too[name])
            allowed = exact[name].error + exact_too[name].error
            gap, largest = max(gap, float(apart.max())), max(largest, float(allowed.max()))
            parted = parted or bool((apart > allowed).any()) or not np.isfinite(apart).all()
    return gap, largest, parted


def _because(one, other, group, setting):
    """The setting and the conventions in which the two differ, for what they are known to part."""
    found = [setting] if setting else []
    if one.traits and other.traits:
        values = [(axis, getattr(one.traits, axis), getattr(other.traits, axis)) for axis in AXES[group]]
        found += [f"{axis.replace('_', ' ')}: {a} and {b}" for axis, a, b in values if a != b]
    return "; ".join(found) or UNEXPLAINED


class Runner:
    """A subject's states and the reference's after so many steps, with the traits that explain its first step."""

    def __init__(self, subject, case):
        self.subject, self.case, self.known = subject, case, {}
        self.traits = next((traits for traits in CANDIDATES if self._explains(traits)), None)

    def after(self, step):
        """For each layer what the subject has, and the reference's balls."""
        if step not in self.known:
            case = self._of(step)
            exact = reference.run(case, self.traits or Traits())[2]["state"]
            self.known[step] = list(zip(self.subject.run(case).state(2), exact, strict=True))
        return self.known[step]

    def _of(self, step):
        start, fit, state = self.case.steps
        rows = step * fit.batch_size
        return self.case.but(steps=(start, _on_first(fit, rows), state))

    def _explains(self, traits):
        case = self._of(1)
        actual, exact = self.subject.run(case).state(2), reference.run(case, traits)[2]["state"]
        try:
            for own, right in zip(actual, exact, strict=True):
                for name in right:
                    close(name, own[name], right[name])
        except Violation:
            return False
        return True


def _on_first(fit, rows):
    """The Fit step on its first rows."""
    return Fit(fit.x[:rows], fit.y[:rows], fit.loss, fit.optimizer, fit.batch_size, 1)
