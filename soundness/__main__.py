"""`python -m soundness [--seeds 5] [--checks 1000000] [--select LAWS] [--json FILE]`: the laws on sound algorithms."""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bncheck import invariants
from soundness.search import search, sound_subjects

WIDTH = 120
SLACK = 0.01
SELDOM = 0.1  # where fewer answers than that differ at all, their median says nothing of the bound
COLUMNS = ("law", "checks", "highest", "median", "to the bit")


def main(arguments=None):
    """Search, show a table, and return 1 where a sound algorithm broke a law."""
    parser = argparse.ArgumentParser(prog="python -m soundness", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds the checks are shared by")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--checks", type=int, default=1_000_000, help="at least so many checks in all")
    parser.add_argument("--select", default="", metavar="LAWS", help="only these laws: names and globs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the margins and failures to this file's")
    chosen = parser.parse_args(arguments)
    laws = invariants.select([name for name in chosen.select.split(",") if name])
    found = json.loads(chosen.json.read_text()) if chosen.json and chosen.json.exists() else {}
    start = time.perf_counter()
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        of_seed = search(laws, sound_subjects(), seed, chosen.checks // chosen.seeds)
        found[str(seed)] = {"margins": of_seed.margins, "failures": of_seed.failures}
        print(f"seed {seed}: {of_seed.checks} checks, {len(of_seed.failures)} failures", file=sys.stderr)
        if chosen.json:
            chosen.json.write_text(json.dumps(found), encoding="utf-8")
    return report(found, time.perf_counter() - start, Console(width=WIDTH, highlight=False))


def report(found, seconds, console):
    """Print what was found at all the seeds; 1 where there was a failure."""
    failures = [failure for seed in found.values() for failure in seed["failures"]]
    table = Table(*COLUMNS, box=None)
    for law in next(iter(found.values()))["margins"]:
        table.add_row(law, *row([margin for seed in found.values() for margin in seed["margins"][law]]))
    console.print(table)
    for failure in failures:
        console.print(f"✗ {failure['law']} on {failure['subject']}: {failure['what']}", markup=False)
    checks = sum(len(margins) for seed in found.values() for margins in seed["margins"].values()) + len(failures)
    console.print(f"{checks} checks at {len(found)} seeds: {len(failures)} failures ({seconds:.0f} s)")
    return int(bool(failures))


def row(margins):
    """The number of checks, the highest margin, the median of those that are not zero, and the share of those that are.

    A margin of zero is an answer to the bit, of which no bound is slack.
    """
    used = [margin for margin in margins if margin]
    if not used:
        return f"{len(margins)}", "0", "–", "all" if margins else "–"
    middle, share = statistics.median(used), len(used) / len(margins)
    slack = " slack" if middle <= SLACK and share >= SELDOM else ""
    return f"{len(margins)}", f"{max(margins):.3f}", f"{middle:.3f}{slack}", f"{1 - share:.0%}"


if __name__ == "__main__":
    sys.exit(main())
