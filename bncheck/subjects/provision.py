"""A cell's environment is built once, at first use, and is there at once afterwards.

Virtual environments cannot be moved, so an environment is built where it stays, and a stamp written last says that it
is whole. A folder without its stamp was broken off: it is never used, and built from scratch.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import build_log, installer, interpreters, matrix, pip_config, torch_source
from bncheck.subjects.matrix import Cell

STAMP = "bncheck-complete.json"
RECIPE = ("require", "python", "as_of")
IMPORT_SECONDS = 300
# A dependency on tensorflow is met by tensorflow-cpu, which is the same module; uv would install both, one over the
# other. A marker that is never true takes the requirement out.
OVERRIDES = "tensorflow ; python_version < '3'\n"

# A framework whose top module has no version.
MODULES = {"mlx": "mlx.core"}

# The user and password of an index's address stay out of the log.
SECRET = re.compile(r"//[^/@\s]+@")

Progress = Callable[[str], object]


class BuildFailed(UsageError):
    """An environment that could not be built: which package failed, why, and where the whole log is."""

    def __init__(self, cell: Cell, reason: str, log: Path):
        super().__init__(f"{cell.name} could not be built: {reason}\nthe whole log: {log}")
        self.cell, self.log = cell, log


@dataclass(frozen=True)
class Environment:
    """One folder of the cache; `cell` is None where the build was broken off."""

    name: str
    path: Path
    size_bytes: int
    cell: Cell | None

    @property
    def current(self) -> bool:
        """Whole, and of a recipe that the matrix has, or of a requirement that was asked for by its version."""
        if self.cell is None:
            return False
        pinned = matrix.cells().get(self.cell.name)
        return self.path == folder(pinned) if pinned else "==" in self.cell.name


def cache() -> Path:
    """Where the environments are: BNCHECK_CACHE, or the user's own cache folder."""
    chosen = os.environ.get("BNCHECK_CACHE")
    root = Path(chosen).expanduser().absolute() if chosen else Path(platformdirs.user_cache_dir("bncheck"))
    return root / "envs"


def folder(cell: Cell) -> Path:
    """A cell's folder: its name, and a digest of its recipe, so that a changed recipe is a new environment."""
    recipe = json.dumps({key: asdict(cell)[key] for key in RECIPE}, sort_keys=True)
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:10]
    return cache() / f"{re.sub(r'[^A-Za-z0-9._]+', '-', cell.name)}-{digest}"


def python_of(path: Path) -> Path:
    """The interpreter of an environment's folder."""
    return path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_built(cell: Cell) -> bool:
    """Whole, and its interpreter still there (a base interpreter may have been removed since)."""
    path = folder(cell)
    return (path / STAMP).is_file() and python_of(path).exists()


def environment(cell: Cell, progress: Progress = lambda line: None) -> Path:
    """The interpreter that has the cell's packages; two processes that want the same one wait for each other."""
    path = folder(cell)
    if is_built(cell):
        return python_of(path)
    _make_cache(path.parent)
    lock = FileLock(_lock_file(path))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(f"{cell.name}: waiting for another process that builds it")
        lock.acquire()
    try:
        if not is_built(cell):
            _build(cell, path, progress)
    finally:
        lock.release()
    return python_of(path)


def _make_cache(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the cache {path} cannot be written ({error.strerror}): set BNCHECK_CACHE") from error


def _build(cell: Cell, path: Path, progress: Progress) -> None:
    started = time.monotonic()
    shutil.rmtree(path, ignore_errors=True)
    log = path.with_name(path.name + ".log")
    log.write_text("", encoding="utf-8")
    progress(f"{cell.name}: looking for Python {cell.python}")
    interpreter = interpreters.find(cell.python)
    _uv(cell, log, ["venv", "--no-project", "--python", str(interpreter), str(path)])
    progress(f"{cell.name}: installing {', '.join(cell.require)}")
    _install(cell, path, log)
    progress(f"{cell.name}: importing {', '.join(modules(cell))}")
    versions = _import(cell, path, log)
    seconds = round(time.monotonic() - started, 1)
    _write_stamp(cell, path, {"versions": versions, "seconds": seconds, "size_bytes": _size(path)})
    progress(f"{cell.name}: built in {seconds:.0f} s ({', '.join(f'{k} {v}' for k, v in versions.items())})")


def _install(cell: Cell, path: Path, log: Path) -> None:
    arguments = ["pip", "install", "--python", str(python_of(path)), *pip_config.read().uv_arguments()]
    if cell.as_of:
        arguments += ["--exclude-newer", f"{cell.as_of}T00:00:00Z"]
    if any(distribution(line) == "tensorflow-cpu" for line in cell.require):
        overrides = path / "bncheck-overrides.txt"
        overrides.write_text(OVERRIDES, encoding="utf-8")
        arguments += ["--override", str(overrides)]
    arguments += torch_source.arguments(cell)
    _uv(cell, log, [*arguments, *cell.require])


def _uv(cell: Cell, log: Path, arguments: list[str]) -> None:
    """uv runs, once more where the network timed out; every answer is kept in the log."""
    for attempt in (1, 2):
        answer = installer.run(arguments, cwd=log.parent, environment=pip_config.read().uv_environment())
        _append(log, f"$ uv {' '.join(arguments)}\n{answer.stdout}\n")
        if answer.returncode == 0:
            return
        if attempt == 2 or not build_log.timed_out(answer.stdout):
            raise BuildFailed(cell, build_log.reason(answer.stdout) + torch_source.advice(answer.stdout), log)


def _import(cell: Cell, path: Path, log: Path) -> dict[str, str]:
    """Each module's version; an environment whose framework does not import is not whole."""
    imports = "; ".join(f"import {name}; versions[{name!r}] = str({name}.__version__)" for name in modules(cell))
    script = f"import json; versions = {{}}; {imports}; print(); print(json.dumps(versions))"
    try:
        answer = subprocess.run(
            [python_of(path), "-I", "-c", script],
            env={**os.environ, **import_variables(cell)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=IMPORT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(cell, f"importing {', '.join(modules(cell))} took over {IMPORT_SECONDS} s", log) from None
    _append(log, f"$ python -c '{imports}'\n{answer.stdout}\n{answer.stderr}\n")
    if answer.returncode:
        lines = answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"]
        raise BuildFailed(cell, f"{cell.framework} does not import: {lines[-1]}", log)
    return json.loads(answer.stdout.splitlines()[-1])


def modules(cell: Cell) -> list[str]:
    """What must import: NumPy, the framework, and the mode's own package where it is required by name."""
    required = {distribution(line).removesuffix("-cpu") for line in cell.require}
    mode = [cell.mode] if cell.mode in required else []
    names = ["numpy", MODULES.get(cell.framework, cell.framework), *mode]
    return list(dict.fromkeys(name.replace("-", "_") for name in names))


def import_variables(cell: Cell) -> dict[str, str]:
    """Keras reads its backend from the environment, once, at import."""
    backend = {"KERAS_BACKEND": cell.mode} if cell.framework == "keras" and cell.mode else {}
    return {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **backend}


def distribution(requirement: str) -> str:
    """The name at the start of a requirement."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _write_stamp(cell: Cell, path: Path, measured: dict) -> None:
    temporary = path / f"{STAMP}.new"
    temporary.write_text(json.dumps({"cell": asdict(cell), **measured}, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path / STAMP)


def _append(log: Path, text: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(SECRET.sub("//", text))


def _lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _size(path: Path) -> int:
    return sum(each.lstat().st_size for each in path.rglob("*") if not each.is_dir())


def built() -> list[Environment]:
    """Every environment in the cache, the broken ones too."""
    folders = sorted(each for each in cache().iterdir() if each.is_dir()) if cache().is_dir() else []
    return [_look_at(each) for each in folders]


def _look_at(path: Path) -> Environment:
    try:
        stamp = json.loads((path / STAMP).read_text(encoding="utf-8"))
        cell = Cell(**{**stamp["cell"], "require": tuple(stamp["cell"]["require"])})
    except (OSError, ValueError, KeyError, TypeError):
        return Environment(path.name, path, _size(path), None)
    return Environment(cell.name, path, stamp["size_bytes"], cell)


def prune(*, keep_current: bool = True) -> list[Environment]:
    """Broken and outdated environments go (all of them, unless the current ones are kept); what went comes back."""
    return _remove(each for each in built() if not (keep_current and each.current))


def remove(name: str) -> list[Environment]:
    """Every environment of that name goes, whatever its recipe."""
    known = built()
    chosen = [each for each in known if name in (each.name, each.path.name)]
    if not chosen:
        raise UnknownName("environment", name, {each.name for each in known})
    return _remove(chosen)


def _remove(environments: Iterable[Environment]) -> list[Environment]:
    return [each for each in environments if _removed(each.path)]


def _removed(path: Path) -> bool:
    """An environment that another process is building at the moment is left alone."""
    lock = FileLock(_lock_file(path))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    try:
        # The stamp goes first: a removal that is broken off leaves a folder that counts as broken.
        (path / STAMP).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        path.with_name(path.name + ".log").unlink(missing_ok=True)
    finally:
        lock.release()
    return not path.exists()
