"""uv is run by path, out of any project, so that only pip's configuration and uv's own environment steer it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import uv

from bncheck.errors import UsageError

# pip's default of 15 seconds is short for wheels of half a gigabyte.
DEFAULT_TIMEOUT = "120"


@cache
def program() -> str:
    """The uv that bncheck depends on, not whichever comes first on PATH."""
    try:
        return os.fspath(uv.find_uv_bin())
    except FileNotFoundError as error:
        raise UsageError("uv's program is missing: reinstall it with `pip install --force-reinstall uv`") from error


def run(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """uv's answer, both of its streams as one text."""
    inherited = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "UV_PYTHON"}}
    return subprocess.run(
        [program(), *arguments],
        cwd=cwd,
        env={"UV_HTTP_TIMEOUT": DEFAULT_TIMEOUT, **inherited, **(environment or {}), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
