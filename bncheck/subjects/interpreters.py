"""An interpreter is looked for on PATH, among uv's and among pyenv's, and downloaded by uv where there is none.

A pyenv shim answers only for the versions that `PYENV_VERSION` or `pyenv global` lists, so pyenv's folder of versions
is read as well.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from bncheck.errors import UsageError
from bncheck.subjects import installer, pip_config

# The base interpreter, because an environment made from another environment dies with that one.
ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.executable, sep='\\n')"
ASK_SECONDS = 20


@cache
def find(version: str) -> Path:
    """The CPython of that version, downloaded by uv as a last resort."""
    found = installed(version)
    if found is None:
        found = _downloaded(version)
    if found is None:
        raise UsageError(
            f"CPython {version} is not here and uv could not download it: install it "
            f"(`pyenv install {version}`, or `uv python install {version}` where the network allows)"
        )
    return found


@cache
def installed(version: str) -> Path | None:
    """The CPython of that version on this machine, or None."""
    for candidate in _candidates(version):
        executable = _verified(candidate, version)
        if executable is not None:
            return executable
    return None


def _candidates(version: str) -> Iterator[Path]:
    yield from on_path(f"python{version}")
    yield from in_pyenv(version)
    yield from on_path("python3")
    yield from on_path("python")
    yield from _in_uv(version)


def on_path(name: str, environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """That program in every folder of PATH that has it, for the first may be a shim that does not answer."""
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        found = shutil.which(name, path=folder)
        if found:
            yield Path(found)


def in_pyenv(version: str, environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """pythonX.Y in pyenv's folder of versions, the newest patch release first."""
    seen = set()
    for root in pyenv_roots(environ):
        folders = sorted((root / "versions").glob(f"{version}*"), key=_patch, reverse=True)
        for found in (folder / "bin" / f"python{version}" for folder in folders):
            if found not in seen and found.is_file():
                seen.add(found)
                yield found


def pyenv_roots(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where pyenv may be: PYENV_ROOT, ~/.pyenv, and wherever a pyenv or a shim on PATH lies."""
    roots = [Path(environ["PYENV_ROOT"])] if environ.get("PYENV_ROOT") else []
    if environ.get("HOME"):
        roots.append(Path(environ["HOME"]) / ".pyenv")
    for folder in environ.get("PATH", "").split(os.pathsep):
        path = Path(folder)
        if path.name == "shims":
            roots.append(path.parent)
        elif folder and (path / "pyenv").is_file():
            roots.append((path / "pyenv").resolve().parent.parent)
    return [root for root in dict.fromkeys(roots) if (root / "versions").is_dir()]


def _patch(folder: Path) -> list[int]:
    return [int(part) if part.isdigit() else -1 for part in folder.name.split(".")]


def _in_uv(version: str) -> Iterator[Path]:
    answer = _uv("python", "find", "--no-python-downloads", "--no-project", f"cpython@{version}")
    yield from (Path(line) for line in answer.splitlines()[-1:])


def _downloaded(version: str) -> Path | None:
    _uv("python", "install", version)
    return next((path for path in _in_uv(version) if _verified(path, version)), None)


def _uv(*arguments: str) -> str:
    # Without this uv also links the interpreter into the user's own folder of programs.
    environment = {**pip_config.read().uv_environment(), "UV_PYTHON_INSTALL_BIN": "0"}
    return installer.run(arguments, cwd=Path(tempfile.gettempdir()), environment=environment).stdout.strip()


def _verified(candidate: Path, version: str) -> Path | None:
    """The interpreter behind a candidate where it runs, is CPython and is of that version."""
    try:
        answer = subprocess.run(
            [candidate, "-I", "-c", ASK], capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, found, executable = [*answer.stdout.splitlines(), "", "", ""][:3]
    return Path(executable) if (implementation, found) == ("cpython", version) and executable else None
