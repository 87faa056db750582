"""`bncheck.check`, and what else needs torch in the process of the tests: elsewhere these unit tests are skipped."""

import os
import subprocess
from pathlib import Path

from bncheck.subjects import installer, matrix, pip_config, provision

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests/unit/engine/test_in_process.py", "tests/unit/truth/test_training.py")


def test_the_unit_tests_that_need_torch_pass_where_it_is(tmp_path):
    """bncheck goes beside the cell's environment, which stays as it is."""
    python, pip = str(provision.environment(matrix.cell("torch2.13"))), pip_config.read()
    arguments = ["pip", "install", "--python", python, "--target", str(tmp_path), *pip.uv_arguments()]
    built = installer.run([*arguments, str(ROOT), "pytest"], cwd=tmp_path, environment=pip.uv_environment())
    assert built.returncode == 0, built.stdout
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", *TESTS]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "passed" in answer.stdout
    assert "SKIPPED" not in answer.stdout
