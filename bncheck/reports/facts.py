"""A finding in words: what differed, on which case, and why; what every report says of it."""

from dataclasses import MISSING, fields

import numpy as np

from bncheck.cases.arrays import text
from bncheck.cases.case import Case
from bncheck.errors import UsageError
from bncheck.truth.probe import NOT_OFFERED
from bncheck.truth.traits import ILLEGAL, LEGAL, Traits

SHOWN_WHOLE = 64
UNSHOWN = (AttributeError, IndexError, KeyError, OverflowError, StopIteration, TypeError, UsageError, ValueError)


def facts(found, verdict):
    """The labels and values of a finding: texts, and under ``steps`` a list of (number, kind, arguments)."""
    case, dtype = _case(found["case"])
    return [*_what(found, verdict, dtype), *case]


def _what(found, verdict, dtype):
    """What differed; for a worker's death there are no numbers."""
    if verdict == "error":
        return [("error", found["what"])]
    where = f" at {found['where']}" if found["where"] else ""
    numbers = [(name, found[name]) for name in ("actual", "expected", "allowed")]
    rows = [("what", found["what"] + where)]
    rows += [(name, _number(value, dtype)) for name, value in numbers if value is not None]
    return [*rows, ("mechanism", _mechanism(found["mechanism"])), *_accepted(found)]


def _number(value, dtype):
    """A number with as many digits as tell it from its neighbours in the case's dtype."""
    if isinstance(value, float) and dtype == "float32":
        with np.errstate(all="ignore"):
            short = np.float32(value)
        return str(float(str(short))) if float(short) == value else repr(value)
    return str(value)


def _mechanism(name):
    meaning = mechanism_meaning(name)
    return f"{name} ({meaning})" if meaning else name


def mechanism_meaning(name):
    """What a mechanism is, in a sentence; nothing for one that this bncheck does not know."""
    parts = (part.partition(": ") for part in str(name).split("; "))
    return "; ".join(filter(None, (ILLEGAL.get(axis, {}).get(value) for axis, _, value in parts)))


def telling(traits):
    """Measured traits that a reader has to be told of: not the one legal value that an axis has, offered or not."""
    unsaid = {axis: (value, NOT_OFFERED) for axis, value in vars(Traits()).items() if len(LEGAL[axis]) == 1}
    return {axis: value for axis, value in traits.items() if value not in unsaid.get(axis, ())}


def marked(axis, value):
    """A measured value, or those at its settings, with a mark where it is a defect."""
    if isinstance(value, dict):
        return {setting: marked(axis, each) for setting, each in value.items()}
    return f"✗ {value}" if value in ILLEGAL.get(axis, ()) else value


def _accepted(found):
    if "accepted" not in found:
        return []
    link = found["accepted"].get("link")
    return [("accepted", found["accepted"]["reason"] + (f" ({link})" if link else ""))]


def _case(plain):
    """The rows of a case and its dtype; a record may hold anything under the name of a case."""
    try:
        case = Case.from_json(plain)
        given = f"{case.dtype} of shape {tuple(case.shape)}"
        rows = [("network", network(case.network)), ("input", given), ("seed", str(case.seed)), ("steps", _steps(case))]
        return rows, case.dtype
    except UNSHOWN as error:
        return [("case", f"cannot be shown: {error}")], None


def network(layers):
    """A network in one line: ``Dense(1) → Linear() → Dense(1)``."""
    return " → ".join(map(_layer, layers))


def _layer(layer):
    parts = []
    for field in fields(layer):
        value = getattr(layer, field.name)
        if field.default is MISSING:
            parts.append(_layer(value) if field.name == "of" else repr(value))
        elif value != field.default:
            parts.append(f"{field.name}={value!r}")
    return f"{type(layer).__name__}({', '.join(parts)})"


def _steps(case):
    return [(str(i), type(step).__name__, _arguments(step)) for i, step in enumerate(case.steps)]


def _arguments(step):
    return ", ".join(f"{name}={_argument(value)}" for name, value in step.said.items())


def _argument(value):
    if isinstance(value, np.ndarray):
        return text(_shortest(value), SHOWN_WHOLE)
    if isinstance(value, list):
        return f"[{', '.join(map(_argument, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_argument(item)}' for name, item in value.items())}}}"
    return repr(value)


def _shortest(array):
    """The array with each number in the shortest form that its dtype reads back to the bit, where it is shown whole."""
    if array.dtype != np.float32 or array.size > SHOWN_WHOLE:
        return array
    return np.array([float(str(item)) for item in array.ravel()], object).reshape(array.shape)
