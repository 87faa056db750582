"""`bncheck.check`, and what else needs torch in the process of the tests: elsewhere these unit tests are skipped."""

import os
import subprocess
from pathlib import Path

from benchmarks.common import install_beside, python_of

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests/unit/engine/test_in_process.py", "tests/unit/truth/test_training.py")


def test_the_unit_tests_that_need_torch_pass_where_it_is(tmp_path):
    """bncheck goes beside the cell's environment, which stays as it is."""
    python = python_of("torch2.13")
    install_beside(python, tmp_path, str(ROOT), "pytest")
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "passed" in answer.stdout
    assert "SKIPPED" not in answer.stdout
