"""`tox -e CELL` holds one cell of the matrix to every invariant.

The cells come from the matrix, so that a new line there is a new tox environment. Its Python is the host's: virtualenv
makes none for the Pythons of old cells, and bncheck itself builds those.
"""

import sys
from pathlib import Path

from tox.config.loader.memory import MemoryLoader
from tox.config.types import Command
from tox.plugin import impl

# tox may run from an environment of its own, in which bncheck is not installed.
sys.path.insert(0, str(Path(__file__).parent))

from bncheck.subjects import matrix


@impl
def tox_extend_envs():
    """One environment a cell."""
    return tuple(matrix.cells())


@impl
def tox_add_core_config(core_conf, state):
    """Every cell runs the same command; the rest is `[testenv]`'s."""
    posargs = state.conf.pos_args(None) or ()
    for cell in matrix.cells().values():
        loader = MemoryLoader(
            description=f"every invariant on {', '.join(cell.require)} (Python {cell.python})",
            base_python=[sys.executable],
            extras=set(),
            commands=[Command(["bncheck", "run", cell.name, *posargs])],
        )
        state.conf.memory_seed_loaders[cell.name].append(loader)
