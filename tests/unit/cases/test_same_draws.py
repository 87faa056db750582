"""The same seed draws the same cases, whatever else is loaded."""

import subprocess
import sys

import pytest

DRAW = """
import sys
{before}
from bncheck.cases.strategies import layer_cases
from bncheck.engine.drawn import drawn
print(*(case.digest for case in drawn(layer_cases, 3, 30)))
"""


@pytest.fixture
def constants(tmp_path):
    """A module of the user's own, full of large numbers."""
    path = tmp_path / "constants.py"
    path.write_text("\n".join(f"N{i} = {i * 7919}" for i in range(1000)))
    return f"sys.path.insert(0, {str(tmp_path)!r})\nimport constants"


def test_modules_that_are_loaded_do_not_move_the_draws(constants):
    def run(before):
        return subprocess.run(
            [sys.executable, "-c", DRAW.format(before=before)], capture_output=True, check=True
        ).stdout

    assert run("") == run(constants) != b""
