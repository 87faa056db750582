"""A finding as a program for the framework and NumPy alone: it prints observed, expected and allowed.

Nothing of a record stands in the program but numbers, names that bncheck knows, and comments of one line.
"""

import inspect
import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from textwrap import wrap

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from packaging.version import Version

from bncheck.cases.case import Attempt, Backward, Batches, Freeze, SetState, State
from bncheck.cases.network import ACTIVATIONS, Activation, BatchNorm, Dense, Detached, Dropout
from bncheck.cases.variants import as_rows
from bncheck.records.record import findings
from bncheck.reports.claim import Unsayable, claim
from bncheck.reports.facts import UNSHOWN
from bncheck.reports.literals import WIDTH, Code, Laid, literal
from bncheck.reports.places import Place, Through
from bncheck.reports.words import clean
from bncheck.worker.layouts import LAYOUTS

TEMPLATES = Path(__file__).parent / "templates" / "scripts"
SUBJECT = re.compile(r"(keras|mlx|tensorflow|torch)==(\d[\w.+!-]*?)(?::(graph|jax|tensorflow|torch))?", re.ASCII)
WEIGHTS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")
MOST_NUMBERS = 20_000
GRAPHS_BEFORE, KERAS_3_FROM = Version("2.0.dev0"), Version("2.16.dev0")


def add(record, laws):
    """Give each finding of a record its program, where there is one."""
    for cell in record["cells"]:
        for result in cell["results"]:
            for finding in findings(result):
                with suppress(Unsayable):
                    finding["script"] = script(record, cell, result, finding, laws)


def script(record, cell, result, finding, laws):
    """The program of a finding of a record.  Raises Unsayable, in one line, where there is none."""
    try:
        return _script(record, cell, result, finding, laws)
    except Unsayable:
        raise
    except UNSHOWN as error:
        raise Unsayable(f"no script says this finding: {type(error).__name__}: {clean(error, 200)}") from None


def _script(record, cell, result, finding, laws):
    law = laws.get(result["invariant"])
    if law is None:
        raise Unsayable(f"this bncheck has no law {result['invariant']!r:.80}")
    if result["verdict"] != "fail":
        raise Unsayable(f"{law.name} ended in {result['verdict']}, and a script compares numbers")
    if cell.get("layer"):
        raise Unsayable("a script has the framework's own layer, and this is a finding on another")
    idiom, about = _idiom(cell["subject"])
    found = claim(law, finding)
    programs = _programs(found)
    try:
        text = (
            _environment()
            .get_template("script.py.j2")
            .render(
                idiom=idiom,
                head=Code(_head(record, cell, finding, law)),
                helpers=_helpers(programs, found),
                programs=programs,
                fused=any(step.get("compiled") == "fused" for program in programs for step in program["steps"]),
                refusal=found.refusal,
                expected=None if isinstance(found.expected, Place | Through) else found.expected,
                allowed=found.allowed,
                moved=found.moved,
                compared=found.observed is not None,
                numberless=isinstance(found.expected, list | str),
                finite=np.isfinite(_float(finding["actual"])),
                **about,
            )
        )
        return re.sub(r"\n{4,}", "\n\n\n", re.sub(r"(?m)^ +$", "", text))
    except TemplateError as error:
        raise Unsayable(f"no script says {law.name} on {idiom}: {error}") from None


def _idiom(subject):
    """The template for a subject such as ``keras==3.15.1:jax``, and what it has to know."""
    match = SUBJECT.fullmatch(subject)
    if match is None:
        raise Unsayable(f"no script is written for {clean(subject, 60)}")
    framework, version, mode = match.groups()
    if framework != "tensorflow":
        return framework, {"mode": mode or "tensorflow"}
    if mode == "graph" or Version(version) < GRAPHS_BEFORE:
        return "tensorflow_graph", {"mode": mode}
    return "tensorflow", {"tf_keras": Version(version) >= KERAS_3_FROM}


def _float(value):
    return float(value) if isinstance(value, int | float) or value in ("nan", "inf", "-inf") else 0.0


def _head(record, cell, finding, law):
    """What the program is about, as comments of printable text."""
    rows = [
        ("law", f"{law.name}: {law.title}"),
        ("found on", f"{cell['subject']}, Python {cell['python']}, by bncheck {record['bncheck']}"),
        ("what", f"{finding['what']} at {finding['where']}" if finding["where"] else finding["what"]),
        ("mechanism", finding["mechanism"]),
        ("origin", law.origin.link),
    ]
    lines = [
        f"# {label if first else '':9}  {line}"
        for label, value in rows
        for first, line in [(i == 0, part) for i, part in enumerate(wrap(clean(value, 400), WIDTH - 12) or [""])]
    ]
    return "\n".join(lines)


def _programs(found):
    """The functions of the program."""
    if found.observed is None:
        several = len(found.programs) > 1
        return [_program(f"program{i if several else ''}", case) for i, case in enumerate(found.programs)]
    places = {"observed": found.observed, "expected": found.expected}
    return [_program(name, each.case, each) for name, each in places.items() if isinstance(each, Place | Through)]


def _program(name, case, place=None):
    """What a template has to know of a function: the layers and the steps, of which the last one has the answer."""
    places = place.places if isinstance(place, Through) else {"": place} if place else {}
    sources = {each.step: (name, each) for name, each in places.items()}
    last = max(sources, default=len(case.steps) - 1)
    kept = [(i, s) for i, s in enumerate(case.steps[: last + 1]) if i in sources or not isinstance(s, State | Batches)]
    numbers = sum(array.size for _, step in kept for array in _own_arrays(step))
    if numbers > MOST_NUMBERS:
        raise Unsayable(f"a script of {numbers} numbers is too long: replay the case instead")
    return {
        "name": Code(name),
        "seed": case.seed,
        "dtype": case.dtype,
        "half": case.half,
        "shape": tuple(case.shape),
        "layers": _layers(case),
        "draws": any(isinstance(getattr(layer, "of", layer), Dense | Dropout) for layer in case.network),
        "steps": [_step(step, case.steps[:i], *sources.get(i, ("", None)), place is None) for i, step in kept],
        "through": _through(place) if isinstance(place, Through) else None,
    }


def _own_arrays(step):
    step = step.of if isinstance(step, Attempt) else step
    if isinstance(step, SetState):
        return [array for layer in step.state for array in layer.values()]
    return [value for value in vars(step).values() if isinstance(value, np.ndarray)]


def _layers(case):
    """The layers with their place in the network, and the shape of their input behind the rows."""
    found, shape = [], list(case.shape)
    for i, each in enumerate(case.network):
        layer = each.of if isinstance(each, Detached) else each
        if isinstance(layer, Activation) and layer.name not in ACTIVATIONS:
            raise Unsayable(f"no script is written for the activation {layer.name!r:.40}")
        about = {"index": i, "kind": type(layer).__name__, "detached": layer is not each, "shape": tuple(shape)}
        channels = shape[layer.axis] if isinstance(layer, BatchNorm) else shape[-1]
        found.append({**vars(layer), **about, "channels": channels})
        if isinstance(each, Dense):
            shape[-1] = each.units
    return found


def _step(step, before, keep, place, whole):
    """A step for a template; ``keep`` is what a function of arrays calls the one that it takes from this step.

    Gradients are taken where they are asked for, or where the program is run for its end.
    """
    attempt = isinstance(step, Attempt)
    step = step.of if attempt else step
    if isinstance(step, SetState | State):
        plain = {"state": getattr(step, "state", None), "layout": getattr(step, "layout", None)}
    else:
        plain = {name: _laid(value, step) for name, value in vars(step).items()}
    frozen = {each.layer: each.on for each in before if isinstance(each, Freeze)}
    kind = type(step).__name__
    if isinstance(step, Backward) and not (whole or step.compiled or (place and place.way != ("y",))):
        kind = "Forward"
    return {
        "mask": None,
        "compiled": None,
        **plain,
        "kind": kind,
        "attempt": attempt,
        "frozen": [i for i, on in frozen.items() if on],
        "keep": Code(keep),
        "way": place.way if place else (),
        "weight": place.way[-1] if place and len(place.way) == 3 else "",
        "at": place.index if place else (),
    }


def _through(place):
    """What a template has to know of a function of arrays."""
    return {
        "name": Code(place.function.__name__),
        "arguments": [Code(name) for name in inspect.signature(place.function).parameters],
        "values": place.values,
        "rows": place.rows,
        "axis": place.case.layer.axis,
        "at": place.index,
    }


def _laid(value, step):
    layout = getattr(step, "layout", None)
    return Laid(value, layout) if layout and isinstance(value, np.ndarray) else value


def _helpers(programs, found):
    """The functions that lay arrays and that compute numbers, where the programs need them: the worker's, the laws'."""
    layouts = {step.get("layout") for program in programs for step in program["steps"]} - {None}
    own = [
        LAYOUTS[layout] for layout in sorted(layouts) if layout in LAYOUTS and LAYOUTS[layout] is not np.asfortranarray
    ]
    through = [each for each in (found.observed, found.expected) if isinstance(each, Through)]
    own += dict.fromkeys(each.function for each in through)
    own += [as_rows] * any(each.rows for each in through)
    return [Code(inspect.getsource(function)) for function in own]


@cache
def _environment():
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=literal,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.globals |= {
        "code": Code,
        "laid": Laid,
        "no": _no,
        "unsaid": _unsaid,
        "known": _known,
        "comma": _comma,
        "transposed": _transposed,
    }
    return found


def _no(what):
    raise Unsayable(f"no script is written for {what}")


def _unsaid(step):
    given = [f"{name}={step[name]}" for name in ("compiled", "layout") if step.get(name)]
    given += ["a mask"] * (step["mask"] is not None)
    which = step["kind"] + (f" with {' and '.join(given)}" if given else "")
    raise Unsayable(f"no script is written for {which} on this framework")


def _known(name):
    """The name of a weight or statistic, which is ours."""
    return name if name in WEIGHTS else _no(f"the weight {name!r:.40}")


def _comma(loop):
    return Code("" if loop.last else ", ")


def _transposed(name):
    """A kernel lies the other way round in torch."""
    return Code(".T" if name == "kernel" else "")
