"""The gate on real upgrades, and on none."""

import json
import subprocess
import sys

import pytest

from bncheck.invariants import load_all
from bncheck.records import ledger

LAWS = ["--select", "training_output_matches*,moving_variance_matches*", "--max-examples", "10"]


def bncheck(*arguments):
    command = [sys.executable, "-m", "bncheck", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_an_upgrade_of_tensorflow_moved_is_named():
    answer = bncheck("gate", "tf2.0", "tf2.15", *LAWS)
    assert answer.returncode == 1, answer.stderr
    said = " ".join(answer.stdout.split())
    assert "(epsilon: floor)" in said
    assert "(running_variance: biased → unbiased at rank 5," in said


def test_two_seeds_of_one_version_move_nothing(tmp_path):
    for seed in (1, 2):
        assert bncheck("run", "torch2.13", *LAWS, "--seed", seed, "--record", tmp_path / f"{seed}.json").returncode == 0
    answer = bncheck("gate", tmp_path / "1.json", tmp_path / "2.json")
    assert (answer.returncode, answer.stdout.splitlines()[-1][:24]) == (0, "nothing moved in 2 laws,")


@pytest.mark.parametrize(
    "cell", ["tf1.14", "tf2.0", "tf2.15", "keras3.15-tf", "keras3.15-torch", "torch1.8", "mlx0.32.0"]
)
def test_the_ledgers_cases_still_fail_where_it_says_so(tmp_path, cell):
    laws = ",".join({each.law for each in ledger.parse(ledger.OWN, load_all())})
    bncheck("run", cell, "--select", laws, "--max-examples", 1, "--record", tmp_path / "record.json")
    [found] = json.loads((tmp_path / "record.json").read_text())["cells"]
    assert "mended" not in found
