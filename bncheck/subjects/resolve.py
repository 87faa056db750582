"""What `bncheck run` is given becomes specs: which framework, in which interpreter or cell, with whose layer."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.version import InvalidVersion, Version

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import index, matrix, provision
from bncheck.subjects.matrix import Cell

REFERENCE = "reference"
# Without names and without a framework in the active environment, these are run.
DEFAULT = ("keras", "torch")
# A bare name, its adapter, and the mode that the name alone means.
BARE = {
    "keras": ("keras", None),
    "mlx": ("mlx", None),
    "tensorflow": ("tensorflow", None),
    "tf-keras": ("tensorflow", "tf-keras"),
    "torch": ("torch", None),
}
SIGNS_OF_A_REQUIREMENT = frozenset("=<>~!@[ ")
ASK_SECONDS = 60
OLDEST = (3, 7)

# Run in any Python from 3.7 on: which modules there are, and the versions of their distributions, importing none.
ASK = """
import glob, importlib.util, json, os, re, sys
names = ["keras", "tensorflow", "tf_keras", "torch", "jax", "mlx"]
found = {}
for name in names:
    spec = importlib.util.find_spec(name)
    if spec is not None:
        folders = list(spec.submodule_search_locations or [])
        infos = [i for f in folders for i in glob.glob(os.path.join(os.path.dirname(f), name + "*-*.*-info"))]
        pattern = "^" + name + "(_cpu|_gpu|_intel|_macos|_rocm)?-([^-]+)(-py[0-9.]+)?[.](dist|egg)-info$"
        matches = [re.match(pattern, os.path.basename(i)) for i in infos]
        found[name] = next((m.group(2) for m in matches if m), None)
print()
print(json.dumps({"python": list(sys.version_info[:2]), "found": found}))
"""


@dataclass(frozen=True)
class Spec:
    """A subject to be: ``python`` is an interpreter, or None for a cell whose environment may have to be built."""

    name: str
    adapter: str
    mode: str | None = None
    python: str | None = None
    cell: Cell | None = None
    layer: str | None = None


def resolve(names: Sequence[str], python: str | None = None, layer: str | None = None) -> list[Spec]:
    """The specs of what was named, each once, in the order of the names.  Raises UsageError."""
    chosen = interpreter(python) if python else None
    wanted = _named(names, chosen) if names else _unnamed(chosen)
    if chosen and names and not any(spec.python for spec in wanted):
        raise UsageError(f"--python is for a framework's bare name ({', '.join(BARE)}): none is among {_list(names)}")
    return list(dict.fromkeys(_with_layer(wanted, layer) if layer else wanted))


def python_of(spec: Spec, progress: provision.Progress = lambda line: None) -> Path:
    """The interpreter of a spec; a cell's environment is built where it is not there yet.  Raises BuildFailed."""
    if spec.python:
        return Path(spec.python)
    if spec.cell is None:
        raise UsageError(f"{spec.name} has no interpreter of its own")
    return provision.environment(spec.cell, progress)


def _named(names: Sequence[str], chosen: str | None) -> list[Spec]:
    return [_spec(name, chosen) for name in names]


def _unnamed(chosen: str | None) -> list[Spec]:
    """Every framework of the interpreter; where the active environment has none, the newest cells."""
    place = chosen or active()
    found = frameworks(place)
    if chosen and not found:
        raise UsageError(f"{chosen} has no framework that bncheck knows ({', '.join(BARE)}): install one there")
    if not found:
        return [_newest(name, None) for name in DEFAULT]
    return [Spec(name, BARE[name][0], mode, place) for name, mode in found.items()]


def _spec(name: str, chosen: str | None) -> Spec:
    if name == REFERENCE:
        return Spec(name, REFERENCE)
    package, _, mode = name.partition(":")
    if package in matrix.cells():
        return _of_cell(matrix.cell(package), mode)
    if SIGNS_OF_A_REQUIREMENT.intersection(name):
        return _of_cell(index.cell_for(name), mode)
    if package not in BARE:
        raise UnknownName("cell or framework", name, [*matrix.cells(), *BARE, REFERENCE])
    return _bare(name, package, _mode(package, mode), chosen)


def _bare(name: str, package: str, mode: str | None, chosen: str | None) -> Spec:
    """What an interpreter has; the newest cell, where nobody named an interpreter and the active one has none."""
    place = chosen or active()
    found = frameworks(place)
    if package in found:
        return Spec(name, BARE[package][0], mode or found[package], place)
    if chosen:
        raise UsageError(f"{chosen} has no {package}: it has {_list(found) or 'no framework that bncheck knows'}")
    return _newest(package, mode)


def _mode(package: str, mode: str) -> str | None:
    known = index.MODES.get(package, ())
    if mode and not known:
        raise UsageError(f"{package} has no modes: leave out {':' + mode!r}")
    if mode and mode not in known:
        raise UnknownName(f"mode of {package}", mode, known)
    return mode or None


def _of_cell(cell: Cell, mode: str | None = None) -> Spec:
    """A cell, in its own mode or in one that needs no environment of its own: ``tf2.1:graph``."""
    if not mode or mode == cell.mode:
        return Spec(cell.name, cell.framework, cell.mode, None, cell)
    if cell.mode:
        raise UsageError(f"{cell.name} is {cell.mode} already: leave out {':' + mode!r}")
    return Spec(f"{cell.name}:{mode}", cell.framework, _mode(cell.framework, mode), None, cell)


def _newest(package: str, mode: str | None) -> Spec:
    """The last cell of the file that has the mode, or may run in it; Keras without a mode is Keras on TensorFlow."""
    adapter, own_mode = BARE[package]
    wanted = mode or own_mode or index.USUAL.get(package)
    found = [cell for cell in matrix.cells().values() if cell.framework == adapter]
    fitting = [cell for cell in found if cell.mode == wanted] if wanted else found
    return _of_cell((fitting or [cell for cell in found if not cell.mode])[-1], mode)


def _with_layer(specs: list[Spec], layer: str) -> list[Spec]:
    """The user's layer takes the framework's place in every subject but the reference."""
    where = absolute_layer(layer)
    if all(spec.adapter == REFERENCE for spec in specs):
        raise UsageError("--layer takes the place of a framework's class: name a framework too, such as torch")
    return [
        spec if spec.adapter == REFERENCE else Spec(spec.name, spec.adapter, spec.mode, spec.python, spec.cell, where)
        for spec in specs
    ]


def absolute_layer(layer: str) -> str:
    """``FILE.py:NAME`` with an absolute path, or ``module:NAME``.  Raises UsageError for anything else."""
    source, colon, name = layer.rpartition(":")
    if not (colon and source and name.isidentifier()):
        raise UsageError(f"--layer is FILE.py:NAME or module:NAME, not {layer!r}")
    if not source.endswith(".py"):
        return layer
    path = Path(source).expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"--layer: there is no file {path}")
    return f"{path}:{name}"


def active(environ: Mapping[str, str] = os.environ) -> str:
    """The interpreter of the active environment, else the one that runs bncheck."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        folder = environ.get(variable)
        if folder and provision.python_of(Path(folder)).exists():
            return str(provision.python_of(Path(folder)))
    return sys.executable


def interpreter(path: str) -> str:
    """The absolute path of an interpreter, links left as they are.  Raises UsageError where there is none."""
    found = path if os.sep in path else shutil.which(path) or path
    place = Path(found).expanduser().absolute()
    if place.is_dir():
        raise UsageError(f"--python {path} is a folder: name the interpreter in it, {provision.python_of(place)}")
    if not place.is_file():
        raise UsageError(f"--python {path}: there is no such file; name an interpreter, such as .venv/bin/python")
    _ask(str(place))
    return str(place)


def frameworks(python: str, environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """The bare names that an interpreter has, each with the mode that it runs in there."""
    found = _ask(python)
    modes: dict[str, str | None] = {}
    if "keras" in found and _before(found["keras"], "3") is not True:
        modes["keras"] = _backend(found, environ)
    if "tensorflow" in found and _before(found["tensorflow"], "2.16") is not False:
        modes["tensorflow"] = None
    if {"tensorflow", "tf_keras"} <= found.keys():
        modes["tensorflow" if "tensorflow" not in modes else "tf-keras"] = "tf-keras"
    for name in ("torch", "mlx"):
        if name in found:
            modes[name] = None
    return modes


def _backend(found: Mapping[str, str | None], environ: Mapping[str, str]) -> str | None:
    """The backend of KERAS_BACKEND, else the first that is there."""
    backends = index.MODES["keras"]
    wanted = environ.get("KERAS_BACKEND")
    return wanted if wanted in backends else next((each for each in backends if each in found), None)


def _before(version: str | None, bound: str) -> bool | None:
    """Whether a version is before another; None where it is not known."""
    try:
        return Version(version).release < Version(bound).release if version else None
    except InvalidVersion:
        return None


@cache
def _ask(python: str) -> dict[str, str | None]:
    """The modules that an interpreter has, with their versions where it has metadata of them."""
    try:
        answer = subprocess.run(
            [python, "-I", "-c", ASK],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_SECONDS,
            check=False,
        )
        told = json.loads(answer.stdout.splitlines()[-1])
        version, found = tuple(told["python"]), dict(told["found"])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError, KeyError, TypeError):
        raise UsageError(f"{python} does not run as Python 3.7 or newer: name an interpreter") from None
    if version < OLDEST:
        raise UsageError(f"{python} is Python {'.'.join(map(str, version))}: the worker needs 3.7 or newer")
    return found


def _list(names) -> str:
    return ", ".join(names)
