"""The public questions that began this project: one file a question in this folder, found by itself.

A scenario trains the question's own network on the question's own data.  Its module has a docstring (what is asked, in
a sentence; the network and the data; then ``Why:``), ``ORIGIN`` (a link), ``VARIANTS`` (a sentence for each, by name),
``OPTIONAL`` (those that run only when they are asked for), ``NUMBERS`` (what each number is, by name), ``PUBLISHED``
(texts by variant and number), ``CURVES``, ``CLAIMS``, ``FULL`` and ``SHORT`` (settings of a run and of a test's), and
``measure(subject, variant, seed, **settings)``: a dict of numbers, and of lists for the curves, for one training.

A claim is judged over all seeds: it holds, it does not hold, or it depends.  ``trajectory()``, where it is there, is
what :mod:`bncheck.engine.trajectory` follows on two subjects.
"""

import importlib
import pkgutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue

import numpy as np

from bncheck.cases.trace import Malformed, Raised
from bncheck.errors import UnknownName
from bncheck.subjects.subject import SubjectDied

HOLDS, FAILS, DEPENDS, OPEN = "holds", "does not hold", "depends", "not judged"


@dataclass(frozen=True)
class Claim:
    """A claim of a question or of its answer; ``judge(found)`` gives a verdict and the figure that it rests on."""

    text: str
    judge: Callable


@dataclass(frozen=True)
class Curve:
    """A number of each epoch: its name among what is measured, its axis's label, and whether that is logarithmic."""

    name: str
    label: str
    log: bool = False


@dataclass(frozen=True)
class Found:
    """What came out on one subject: ``runs`` has the measured dicts of each variant, in the order of the seeds."""

    runs: dict
    missing: dict = field(default_factory=dict)

    def of(self, variant, name):
        """The values of a number, one a seed that has it.  Raises KeyError where the variant did not run."""
        return np.array([run[name] for run in self.runs[variant] if name in run])


@dataclass(frozen=True)
class Scenario:
    """A scenario."""

    name: str
    doc: str
    origin: str
    variants: dict
    optional: frozenset
    numbers: dict
    published: dict
    curves: tuple
    claims: tuple
    full: dict
    short: dict
    measure: Callable
    trajectory: Callable | None

    @property
    def title(self):
        """What is asked, in one sentence."""
        return " ".join(self.doc.strip().split("\n\n")[0].split())

    @property
    def setting(self):
        """The network and the data."""
        return " ".join(self.doc.partition("Why:")[0].strip().partition("\n\n")[2].split())

    @property
    def why(self):
        """What a practitioner learns."""
        text = " ".join(self.doc.partition("Why:")[2].split())
        return text[:1].upper() + text[1:]


@lru_cache
def load_all():
    """Every scenario of this folder, by name, in the order of the names."""
    return {name: _load(name) for name in sorted(module.name for module in pkgutil.iter_modules(__path__))}


def load(name):
    """The scenario of that name.  Raises UnknownName."""
    if name not in load_all():
        raise UnknownName("scenario", name, load_all())
    return load_all()[name]


def _load(name):
    module = importlib.import_module(f"{__name__}.{name}")
    return Scenario(
        name=name,
        doc=module.__doc__,
        origin=module.ORIGIN,
        variants=module.VARIANTS,
        optional=frozenset(getattr(module, "OPTIONAL", ())),
        numbers=module.NUMBERS,
        published=module.PUBLISHED,
        curves=tuple(module.CURVES),
        claims=tuple(module.CLAIMS),
        full=module.FULL,
        short=module.SHORT,
        measure=module.measure,
        trajectory=getattr(module, "trajectory", None),
    )


def run(scenario, subjects, seeds, *, variants=None, settings=None, tell=lambda done, total: None):
    """What comes out on a subject, of which ``subjects`` are equal copies that train side by side.

    ``seeds`` is how many; ``tell(done, total)`` is told of each training.
    """
    chosen = variants or [name for name in scenario.variants if name not in scenario.optional]
    tasks = [(variant, seed) for seed in range(1, seeds + 1) for variant in chosen]
    free, done = SimpleQueue(), []
    for subject in subjects:
        free.put(subject)

    def work(task):
        subject = free.get()
        try:
            return scenario.measure(subject, task[0], task[1], **(settings or scenario.full))
        except (Raised, Malformed, SubjectDied) as error:
            return error
        finally:
            free.put(subject)
            done.append(task)
            tell(len(done), len(tasks))

    with ThreadPoolExecutor(len(subjects)) as pool:
        answers = list(zip(tasks, pool.map(work, tasks), strict=True))
    return _collected(chosen, answers)


def _collected(chosen, answers):
    """A variant of which one training failed has no numbers, and a reason."""
    runs = {variant: [answer for (v, _), answer in answers if v == variant] for variant in chosen}
    failed = {v: next((a for a in found if isinstance(a, Exception)), None) for v, found in runs.items()}
    missing = {variant: _reason(error) for variant, error in failed.items() if error is not None}
    return Found({variant: found for variant, found in runs.items() if variant not in missing}, missing)


def _reason(error):
    offered = "not offered: " if getattr(error, "unsupported", False) else ""
    return offered + " ".join(str(error).split())


def outcome(scenario, name, description, found, seconds):
    """What came out on one subject, as plain values."""
    return {
        "name": name,
        "subject": f"{description.get('framework')}=={description.get('version')}",
        "seconds": round(seconds, 1),
        "missing": dict(found.missing),
        "numbers": {v: {n: found.of(v, n).tolist() for n in scenario.numbers} for v in found.runs},
        "curves": {v: {c.name: found.of(v, c.name).tolist() for c in scenario.curves} for v in found.runs},
        "claims": [_judged(claim, found) for claim in scenario.claims],
    }


def _judged(claim, found):
    try:
        verdict, figure = claim.judge(found)
    except KeyError as error:
        verdict, figure = OPEN, f"the variant {error} did not run"
    return {"text": claim.text, "verdict": verdict, "figure": figure}


def about(scenario, seeds, outcomes):
    """A scenario and what came out on each subject, as plain values: what reports show."""
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "setting": scenario.setting,
        "why": scenario.why,
        "origin": scenario.origin,
        "seeds": seeds,
        "variants": dict(scenario.variants),
        "numbers": dict(scenario.numbers),
        "published": scenario.published,
        "curves": [vars(curve) for curve in scenario.curves],
        "subjects": list(outcomes),
    }


def verdict(flags):
    """Over all seeds, over none, or over some."""
    flags = np.asarray(flags)
    return HOLDS if flags.all() else DEPENDS if flags.any() else FAILS


def lower(number, one, other, *, times=1):
    """A judge: seed by seed the number is lower with the variant ``one``, ``times`` over, than with ``other``."""

    def judge(found):
        a, b = found.of(one, number), found.of(other, number)
        flags = a * times < b
        figure = f"{spread(a)} against {spread(b)}; in {int(flags.sum())} of {len(flags)} seeds"
        return verdict(flags), figure

    return judge


def spread(values):
    """The median, and the range where there is more than one value."""
    values = np.asarray(values, float)
    middle = digits(np.median(values))
    return middle if len(values) < 2 else f"{middle} ({digits(values.min())} … {digits(values.max())})"


def digits(value):
    """Four significant digits, with an exponent for what is very small or large."""
    text = f"{value:#.4g}" if 1e-4 <= abs(value) < 1e5 or not value else f"{value:.3e}"
    return text.rstrip(".")
