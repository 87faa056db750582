"""Seconds and peak memory of ``bncheck run CELL``, the whole command, its environment being there already."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import python_of, text

CELLS = ("tf1.14", "tf2.0", "keras3.15-tf", "torch2.13")
EVERY = 0.02
MEGABYTE = 1024**2


def measure(cells=CELLS, options=()):
    """For each cell what one run took."""
    for name in cells:
        python_of(name)
    return {name: _run(name, options) for name in cells}


def _run(name, options):
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record.json"
        command = [sys.executable, "-m", "bncheck", "run", name, "--record", str(record), *options]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peaks = {}
        while process.poll() is None:
            _look(process.pid, peaks)
            time.sleep(EVERY)
        seconds = time.perf_counter() - start
    host = peaks.pop(process.pid, 0)
    found = {"seconds": seconds, "host_mb": host / MEGABYTE, "worker_mb": sum(peaks.values()) / MEGABYTE}
    return {**found, "exit_code": process.returncode}


def _look(pid, peaks):
    """Note the peak memory of a process and of its children so far; Linux keeps it in /proc."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peaks[pid] = max(peaks.get(pid, 0), int(line.split()[1]) * 1024)
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                _look(int(child), peaks)


def rows(found):
    """What is shown: what was measured, where, the figure, and the goal."""
    for name, cell in found.items():
        memory = f"host {cell['host_mb']:.0f} MB, worker {cell['worker_mb']:.0f} MB"
        yield "bncheck run", name, f"{text(cell['seconds'])} s; {memory}; exit code {cell['exit_code']}", ""
