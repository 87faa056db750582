"""A plot of a finding's arrays: where each mark stands; the template draws it."""

from dataclasses import dataclass

import numpy as np

from bncheck.cases.arrays import from_json
from bncheck.reports.facts import UNSHOWN

WIDTH, LEFT, RIGHT = 640, 112, 12
TOP, HEIGHT = 14, 130  # the values
SHARES_TOP, SHARES_HEIGHT = 176, 84  # the errors as shares of what is allowed
LETTER = 7  # the width of a letter of a label
DECADES = (-3, 8)  # beyond them a share is drawn at the edge


@dataclass(frozen=True)
class Point:
    """An element of the arrays: its place in them, its numbers, and where they are drawn; None where they are not."""

    at: str
    actual: float
    expected: float
    allowed: float
    share: float
    x: float
    y: float
    expected_y: float | None
    low_y: float | None
    high_y: float | None
    share_y: float
    off: bool
    label: bool
    worst: bool


@dataclass(frozen=True)
class Plot:
    """The points, and the ticks of both axes as (text, y); ``allowed_y`` is where an error is as large as allowed."""

    points: list
    values: list
    shares: list
    allowed_y: float
    bar: float


def plot(arrays):
    """The plot of a finding's ``arrays``; None where there is nothing that can be plotted."""
    try:
        shape = tuple(arrays["actual"]["shape"])
        columns = [np.asarray(from_json(arrays[name]), np.float64) for name in ("actual", "expected", "allowed")]
    except UNSHOWN:
        return None
    if not columns[0].size or any(column.shape != shape for column in columns):
        return None
    return _plot(shape, *(column.ravel() for column in columns))


def shares(actual, expected, allowed):
    """Each error as a share of what is allowed: zero where there is none, infinite where none is allowed."""
    with np.errstate(all="ignore"):
        error = np.where(actual == expected, 0.0, np.abs(actual - expected))
        # Two NaNs are the same only where the bits were compared.
        error = np.where(np.isnan(actual) & np.isnan(expected) & (allowed == 0), 0.0, error)
        found = np.where(error == 0, 0.0, error / allowed)
    return np.where(np.isnan(found), np.inf, np.where(np.isposinf(allowed), 0.0, found))


def _plot(shape, actual, expected, allowed):
    part = shares(actual, expected, allowed)
    step, worst = (WIDTH - LEFT - RIGHT) / len(part), int(np.argmax(part))
    (lowest, highest), share_y = _range(actual, expected), _share_scale(part)
    value_y, roomy = _scale(lowest, highest), step > LETTER * 3 * (len(shape) + 1)
    points = [
        Point(
            at=str([int(n) for n in np.unravel_index(i, shape)]),
            actual=float(actual[i]),
            expected=float(expected[i]),
            allowed=float(allowed[i]),
            share=float(part[i]),
            x=round(LEFT + (i + 0.5) * step, 1),
            y=value_y(actual[i]),
            expected_y=value_y(expected[i]) if np.isfinite(expected[i]) else None,
            low_y=value_y(expected[i] - allowed[i]) if np.isfinite(expected[i]) else None,
            high_y=value_y(expected[i] + allowed[i]) if np.isfinite(expected[i]) else None,
            share_y=share_y(part[i]),
            off=not np.isfinite(actual[i]),
            label=roomy or i == worst,
            worst=i == worst,
        )
        for i in range(len(part))
    ]
    return Plot(
        points,
        _value_ticks(lowest, highest, value_y),
        _share_ticks(part, share_y),
        share_y(1.0),
        round(min(18.0, 0.7 * step), 1),
    )


def _value_ticks(lowest, highest, value_y):
    """The smallest and the largest value; where they look alike, the largest by what it is more."""
    texts = [f"{float(value):.3g}" for value in (lowest, highest)]
    if lowest == highest:
        return [(texts[0], value_y(lowest))]
    if texts[0] == texts[1]:
        texts[1] = f"+{float(highest - lowest):.3g}"
    return [(texts[0], value_y(lowest)), (texts[1], value_y(highest))]


def _range(actual, expected):
    """The smallest and the largest finite number."""
    both = np.concatenate([actual, expected])
    finite = both[np.isfinite(both)]
    return (finite.min(), finite.max()) if finite.size else (0.0, 0.0)


def _scale(lowest, highest):
    """From a value to its y; what is beyond the range, or no number, is at the edge."""
    half = highest / 2 - lowest / 2  # the whole range may overflow
    pad = TOP + 10.0

    def y(value):
        with np.errstate(all="ignore"):
            above = (highest / 2 - value / 2) / half if half else np.float64(0.5)
        above = min(1.05, max(-0.05, above)) if np.isfinite(above) else (-0.05 if value > 0 else 1.05)
        return round(float(pad + above * (HEIGHT - 20.0)), 1)

    return y


def _decades(part):
    """The powers of ten between which the shares lie, and one on either side of what is allowed."""
    finite = part[np.isfinite(part) & (part > 0)]
    logs = np.log10(finite) if finite.size else np.zeros(1)
    return max(DECADES[0], min(-1, int(np.floor(logs.min())))), min(DECADES[1], max(1, int(np.ceil(logs.max()))))


def _share_scale(part):
    low, high = _decades(part)

    def y(share):
        log = np.log10(share) if 0 < share < np.inf else (low if share == 0 else high)
        return round(float(SHARES_TOP + (high - min(high, max(low, log))) / (high - low) * SHARES_HEIGHT), 1)

    return y


def _share_ticks(part, share_y):
    low, high = _decades(part)
    every = max(1, (high - low) // 4)
    powers = [power for power in range(low, high + 1) if power % every == 0]
    return [(f"{10.0**power:g}", share_y(10.0**power)) for power in powers]
