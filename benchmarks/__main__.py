"""``python -m benchmarks [plain|share|cells|bounds|wire]… [--json FILE]``: all of them by default."""

import argparse
import importlib
import json
import os
import platform
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bncheck.commands import collect_seldom

NAMES = ("plain", "share", "cells", "bounds", "wire")
WIDTH = 120


def main(arguments=None):
    """Measure, show a table, and write the figures where a file is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(NAMES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures, every round's too")
    chosen = parser.parse_args(arguments)
    for name in chosen.names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name}: there are {', '.join(NAMES)}")
    collect_seldom()  # as `bncheck run` does
    console = Console(width=WIDTH, highlight=False)
    found = {"machine": machine()}
    for name in chosen.names or NAMES:
        module, start = importlib.import_module(f"benchmarks.{name}"), time.perf_counter()
        found[name] = module.measure()
        found["machine"]["load_after"] = os.getloadavg()[0]
        console.print(table(name, module.rows(found[name]), time.perf_counter() - start))
    console.print(f"load before {found['machine']['load']:.1f}, after {found['machine']['load_after']:.1f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def machine():
    """Where and when: figures of two machines are not compared."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def table(name, rows, seconds):
    """One benchmark's figures."""
    found = Table("what", "subject", "figure", "goal", title=f"{name} ({seconds:.0f} s)", title_justify="left")
    for row in rows:
        found.add_row(*row)
    return found


if __name__ == "__main__":
    main()
