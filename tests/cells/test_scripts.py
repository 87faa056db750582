"""Every script of a finding shows the defect on the cell that has it, and does not on a cell without it."""

import os
import subprocess
from pathlib import Path

import pytest

from bncheck.records.record import findings
from bncheck.subjects import matrix, provision

# One process for all scripts: importing a framework takes longer than running a script.
RUNNER = """
import importlib, os, runpy, sys, traceback
importlib.import_module(sys.argv[1])
for path in sys.argv[2:]:
    child = os.fork()
    if not child:
        code = 2
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)
    print("CODE", os.WEXITSTATUS(os.waitpid(child, 0)[1]), flush=True)
"""
# The cell, a cell (or another backend) without them, and mechanisms that it does not have.
CLEAN = {
    "tf1.14": ("tf2.15", None, {"epsilon: floor", "initial_weights: by_position", "precision: half"}),
    "tf2.0": ("tf2.15", None, {"epsilon: floor", "precision: half", "malformed_input: moves_first"}),
    "keras3.15-tf": ("keras3.5-tf", None, {"malformed_input: integers_in_single"}),
    "keras3.15-torch": ("keras3.15-tf", "tensorflow", {"variance: one_pass", "precision: single"}),
    "torch2.13": ("torch1.8", None, {"memory_layout: gamma_by_pointer", "affine: fused"}),
}


@pytest.fixture(params=CLEAN)
def scripts(request, records, tmp_path):
    """A cell, and the findings of its record with their scripts as files."""
    record, _ = records(request.param)
    found = []
    for result in record["cells"][0]["results"]:
        for place, finding in enumerate(findings(result)):
            path = tmp_path / f"{result['invariant']}{place}.py"
            path.write_text(finding["script"])
            found.append((finding["mechanism"], str(path)))
    return request.param, found


def run(cell, scripts, backend=None):
    """The exit codes of the scripts on a cell."""
    cell = matrix.cell(cell)
    # What the scripts say, too, for a process that has not yet imported the framework.
    chosen = {"TF_ENABLE_ONEDNN_OPTS": "0"}
    if cell.framework == "keras":
        chosen["KERAS_BACKEND"] = backend or cell.mode
    command = [str(provision.environment(cell)), "-I", "-c", RUNNER, cell.framework, *scripts]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **chosen})
    return [int(line.split()[1]) for line in answer.stdout.splitlines() if line.startswith("CODE")]


def test_every_script_shows_the_defect_on_its_cell(scripts):
    cell, found = scripts
    assert found
    assert run(cell, [path for _, path in found]) == [1] * len(found)


def test_no_script_shows_it_on_a_cell_that_has_it_not(scripts):
    cell, found = scripts
    clean, backend, mechanisms = CLEAN[cell]
    kept = [path for mechanism, path in found if mechanism in mechanisms]
    kept = [path for path in kept if not backend or "import torch" not in Path(path).read_text()]
    assert kept
    assert run(clean, kept, backend) == [0] * len(kept)
