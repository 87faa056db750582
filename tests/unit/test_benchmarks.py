"""Every benchmark runs through on the reference, which needs no framework; how long anything takes is not asserted."""

import importlib
import json
import math
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "plain": {"first": 2, "last": 20, "rounds": 1},
    "share": {"examples": 2, "rounds": 1},
    "cells": {"options": ["--select", "rows_permute", "--max-examples", "2"]},
    "bounds": {"cases": 3, "search": 3},
    "wire": {"trips": 2},
}


@pytest.fixture
def benchmark(monkeypatch):
    """Gives a module of the benchmarks, which are beside the package and not in it."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.chdir(ROOT)
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_measures_the_reference_and_has_rows_of_four(benchmark, name):
    module = benchmark(name)
    found = module.measure(["reference"], **SMALL[name])
    assert {len(row) for row in module.rows(found)} == {4}
    json.dumps(found)


def test_both_suites_are_timed_and_neither_breaks_a_law(benchmark):
    (found,) = benchmark("plain").measure(["reference"], **SMALL["plain"]).values()
    assert found["rounds"][0]["broken"] == []
    assert all(found[name] > 0 for name in ("plain_ms", "bncheck_ms", "times"))


def test_the_plain_suite_has_every_law_of_one_layer(benchmark, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    ours = {law.name for law in benchmark("common").laws_of_a_layer()}
    assert ours == set(importlib.import_module("plain_suite").LAWS)


def test_the_reference_stays_within_its_bounds(benchmark):
    found = benchmark("bounds").measure(["reference"], **SMALL["bounds"])["reference"]
    assert found["soundness"]["broken"] == []
    assert found["soundness"]["margin"] <= 1
    assert all(part["largest"] >= 1 for part in found["sharpness"].values())


def test_a_run_of_the_command_is_timed_and_its_memory_is_seen(benchmark):
    found = benchmark("cells").measure(["reference"], **SMALL["cells"])["reference"]
    assert found["exit_code"] == 0
    assert math.isfinite(found["host_mb"])


def test_the_command_writes_its_figures(benchmark, monkeypatch, tmp_path, capsys):
    wire = benchmark("wire")
    monkeypatch.setattr(wire, "measure", lambda: {"reference": {"round_trip_ms": 1.0, "overhead_ms": 0.5}})
    benchmark("__main__").main(["wire", "--json", str(tmp_path / "figures.json")])
    assert json.loads((tmp_path / "figures.json").read_text())["wire"]["reference"]["overhead_ms"] == 0.5
    assert "0.5 ms" in capsys.readouterr().out


def test_an_unknown_benchmark_is_a_usage_error(benchmark, capsys):
    with pytest.raises(SystemExit) as stopped:
        benchmark("__main__").main(["speed"])
    assert stopped.value.code == 2
    assert "there is no benchmark speed" in capsys.readouterr().err
