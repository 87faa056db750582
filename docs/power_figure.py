"""`python docs/power_figure.py power.json docs/power.png`: laws by mutants, as `bncheck power --json` prints them."""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from matplotlib.colors import ListedColormap

COLOURS = ListedColormap(["#f2f2f2", "#9ab8d8", "#1f4e79"])  # not seen, seen, seen with its own mechanism
INCHES = 0.135


def draw(found, path):
    """A row for each mutant, by family; a column for each law."""
    mutants, laws = found["mutants"], found["laws"]
    table = np.array([[_level(mutant, law) for law in laws] for mutant in mutants])
    size = (INCHES * len(laws) + 4, INCHES * len(mutants) + 4)
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    axes.imshow(table, cmap=COLOURS, vmin=0, vmax=2, aspect="equal", interpolation="nearest")
    axes.set_xticks(range(len(laws)), laws, rotation=90, fontsize=6)
    axes.set_yticks(range(len(mutants)), [mutant["name"] for mutant in mutants], fontsize=6)
    axes.set_xticks(np.arange(len(laws)) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(mutants)) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    families = [mutant["family"] for mutant in mutants]
    for row in range(1, len(mutants)):
        if families[row] != families[row - 1]:
            axes.axhline(row - 0.5, color="#c0504d", linewidth=0.8)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.savefig(path, dpi=150)


def _level(mutant, law):
    if law not in mutant["laws"]:
        return 0
    return 2 if mutant["laws"][law] == mutant["name"] else 1


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2])
