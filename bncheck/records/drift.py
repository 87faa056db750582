"""How far the numbers of one record lie from those of another, beyond what two sound layers may differ by."""

from dataclasses import dataclass

import numpy as np

from bncheck.cases.arrays import NON_FINITE, unpacked
from bncheck.errors import UsageError


@dataclass(frozen=True)
class Drift:
    """The largest drift of an array, in units of the last place, the two numbers there, and what is allowed."""

    ulps: float
    old: float
    new: float
    allowed: float


def drifts(old, new):
    """The arrays of two cells by quantity and setting: a Drift, or None where they agree.

    Raises UsageError where the two are of other cases.
    """
    before, after = ({_key(each): each for each in cell.get("numbers", ())} for cell in (old, new))
    if before and after and not {each["case"] for each in before.values()} & {each["case"] for each in after.values()}:
        raise UsageError("the records have the numbers of other cases: make the older one anew")
    return {key[:2]: _drift(one, after[key]) for key, one in before.items() if key in after}


def gone(old, new):
    """The quantities and settings that only the old cell has answered, where the new one has numbers at all."""
    after = {_key(each) for each in new.get("numbers", ())}
    return [key[:2] for key in map(_key, old.get("numbers", ())) if key not in after] if "numbers" in new else []


def _key(each):
    return each["quantity"], each["setting"], each["case"]


def _drift(one, other):
    old, new = unpacked(one["values"]), unpacked(other["values"])
    allowed = _float(one["allowed"]) + _float(other["allowed"])
    if old.shape != new.shape:
        return Drift(np.inf, old.size, new.size, 0.0)
    with np.errstate(all="ignore"):
        error = np.abs(new.astype(np.float64) - old.astype(np.float64))
        same = (old == new) | (np.isnan(old) & np.isnan(new)) | (error <= allowed)
        size = np.maximum(np.abs(old), np.abs(new)).astype(old.dtype)
        ulps = np.where(same, 0.0, np.nan_to_num(error / np.spacing(size), nan=np.inf, posinf=np.inf))
    if same.all():
        return None
    at = np.unravel_index(int(np.argmax(ulps)), ulps.shape)
    return Drift(float(ulps[at]), float(old[at]), float(new[at]), allowed)


def _float(value):
    return float(NON_FINITE.get(value, value))
