"""A scenario's curves for a page: a panel a curve and subject, and where its lines and bands stand."""

from dataclasses import dataclass
from math import isfinite, log10
from statistics import median

WIDTH, HEIGHT = 330, 220
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 40
SERIES = 8  # the styles of lines that the page's style sheet has


@dataclass(frozen=True)
class Line:
    """A variant's median over the seeds, and the band of their range: points of SVG."""

    variant: str
    style: int
    median: str
    band: str
    seeds: int


@dataclass(frozen=True)
class Panel:
    """A subject's lines, the ticks of the vertical axis as (text, y), and how many epochs there are."""

    subject: str
    label: str
    lines: list
    ticks: list
    epochs: int


def panels(found):
    """The panels of a scenario's plain values, those of one curve on one scale."""
    return [panel for curve in found["curves"] for panel in _row(found, curve)]


def _row(found, curve):
    columns = {
        subject["name"]: {
            variant: _columns(subject["curves"].get(variant, {}).get(curve["name"], ()))
            for variant in found["variants"]
        }
        for subject in found["subjects"]
    }
    every = [value for own in columns.values() for each in own.values() for column in each for value in column]
    shown = [value for value in every if value > 0 or not curve["log"]]
    if not shown:
        return
    y, ticks = _scale(min(shown), max(shown), curve["log"])
    for name, own in columns.items():
        drawn = {variant: each for variant, each in own.items() if each}
        epochs = max(map(len, drawn.values()), default=1)
        lines = [_line(variant, list(own).index(variant), each, epochs, y) for variant, each in drawn.items()]
        yield Panel(name, curve["label"], lines, ticks, epochs)


def _columns(runs):
    """For each epoch the values of the seeds that are finite."""
    together = zip(*runs, strict=False)
    return [[float(value) for value in column if isfinite(float(value))] for column in together]


def _scale(lowest, highest, log):
    """From a value to its y, and three ticks."""
    apply = log10 if log else float
    low, high = apply(lowest), apply(highest)
    middle = 10 ** ((low + high) / 2) if log else (low + high) / 2

    def y(value):
        share = (high - apply(max(value, lowest))) / (high - low) if high > low else 0.5
        return round(TOP + share * (HEIGHT - TOP - BOTTOM), 1)

    values = (lowest, middle, highest) if high > low else (lowest,)
    return y, [(f"{value:.3g}", y(value)) for value in values]


def _line(variant, place, columns, epochs, y):
    step = (WIDTH - LEFT - RIGHT) / max(1, epochs - 1)
    at = [(round(LEFT + i * step, 1), column) for i, column in enumerate(columns) if column]
    ends = [f"{x},{y(max(column))}" for x, column in at] + [f"{x},{y(min(column))}" for x, column in reversed(at)]
    middles = [f"{x},{y(median(column))}" for x, column in at]
    return Line(variant, place % SERIES, " ".join(middles), " ".join(ends), max(map(len, columns)))
