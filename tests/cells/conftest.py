"""Records of real cells, each run once for all tests."""

import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    """Runs a cell once, and gives its record and exit code."""
    folder, known = tmp_path_factory.mktemp("records"), {}

    def record(*cells):
        if cells not in known:
            file = folder / f"{'-'.join(cells)}.json"
            command = [sys.executable, "-m", "bncheck", "run", *cells, "--record", str(file)]
            code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
            known[cells] = json.loads(file.read_text()), code
        return known[cells]

    return record
