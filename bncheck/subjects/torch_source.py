"""Where a CPU build of torch comes from: pip's wheel folders, or PyTorch's own CPU index.

From 1.13 on the main index has CUDA builds, with gigabytes of companions that a CPU never uses.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from bncheck.subjects import pip_config
from bncheck.subjects.matrix import Cell

FIRST_CUDA = (1, 13)
ADVICE = "where PyTorch's index cannot be reached, put a CPU wheel of torch into a folder of pip's find-links"


def arguments(cell: Cell) -> list[str]:
    """uv's options that make torch come as its CPU build; none where a wheel folder has it, or torch is older."""
    version = wanted(cell.require)
    if version is None or _numbers(version) < FIRST_CUDA or in_folders(version, pip_config.read().find_links):
        return []
    # PyTorch's index gives no upload dates, and uv leaves out what has none:
    # https://github.com/pytorch/pytorch/issues/186905. The version is pinned, so the date decides nothing here.
    undated = ["--exclude-newer-package", "torch=false"] if cell.as_of else []
    return ["--torch-backend", "cpu", *undated]


def advice(text: str) -> str:
    """A line to add where PyTorch's own index is what failed."""
    return f"\n{ADVICE}" if "download.pytorch.org" in text else ""


def wanted(require: Iterable[str]) -> str | None:
    """The version of torch that a recipe pins."""
    found = (re.fullmatch(r"torch\s*==\s*([\w.+!-]+)", line.strip()) for line in require)
    return next((match.group(1) for match in found if match), None)


def in_folders(version: str, folders: Iterable[str]) -> bool:
    """Whether a wheel folder has that version, whatever its local part (2.13.0+cpu is 2.13.0)."""
    public = re.escape(version.partition("+")[0])
    names = (path.name for folder in folders if Path(folder).is_dir() for path in Path(folder).glob("torch-*.whl"))
    return any(re.match(rf"torch-{public}(\+[\w.]+)?-", name) for name in names)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
