import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bncheck.worker
from bncheck.worker import codec

FAKE = """
import os
import sys

import numpy as np

print("imported")
PREPARED = []


def prepare(mode):
    PREPARED.append(mode)
    os.environ["FAKE_MODE"] = str(mode)


class Adapter:
    def __init__(self, mode=None, batch_norm=None):
        if mode == "broken":
            raise ImportError("libfake.so: cannot open shared object file")
        if mode == "leaves":
            sys.exit("I refuse")
        self.mode, self.batch_norm = mode, batch_norm

    def describe(self):
        made = self.batch_norm() if self.batch_norm else None
        return {"framework": "fake", "version": "1", "mode": self.mode, "made": made, "prepared": PREPARED}

    def build(self, network, shape, dtype, seed):
        return Model()


class Model:
    def set_state(self, state):
        raise RuntimeError("no state here")

    def forward(self, x, training):
        print("a print")
        os.write(1, b"bytes on descriptor 1")
        os.system("echo words of a child")
        sys.stdout.flush()
        return 2 * x

    def backward(self, x, dy, training):
        return {"y": x, "dx": np.array([len(sys.stdin.read())]), "params": []}

    def save_load(self):
        np.ones((1 << 33,))
"""
X = np.array([[1.0, 2.0]], "float32")
FORWARD = {"step": "Forward", "x": X, "training": True}


class Worker:
    """A worker process and its ends of the wire."""

    def __init__(self, folder, adapter="fake", **options):
        command = [sys.executable, "-I", str(folder / "__main__.py"), adapter, json.dumps(options)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder.parent)

    def receive(self):
        head = self.process.stdout.read(16)
        return codec.decode(head + self.process.stdout.read(codec.body_size(head)))

    def send(self, *steps):
        programs = [{"network": [], "seed": 0, "steps": list(steps), "input": [[1, 2], "float32"]}]
        self.process.stdin.write(codec.encode({"programs": programs}))
        self.process.stdin.flush()

    def run(self, *steps):
        self.send(*steps)
        return self.receive()["traces"][0]

    def end(self):
        """The exit status and what was written on standard error; nothing may be left on the wire."""
        left, errors = self.process.communicate(timeout=60)
        assert left == b""
        return self.process.returncode, errors.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the worker with an adapter that needs no framework."""
    copy = tmp_path_factory.mktemp("island") / "worker"
    shutil.copytree(Path(bncheck.worker.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "adapters" / "fake.py").write_text(FAKE)
    return copy


@pytest.fixture
def start(folder):
    started = []

    def start(*args, **options):
        started.append(Worker(folder, *args, **options))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.communicate()


def test_a_worker_says_first_what_it_is(start):
    description = start(mode="quick").receive()["description"]
    assert description["framework"] == "fake"
    assert description["mode"] == "quick"
    assert description["python"] == ".".join(map(str, sys.version_info[:3]))
    assert description["packages"]["numpy"] == np.__version__


def test_prints_do_not_disturb_the_wire(start):
    worker = start()
    worker.receive()
    for _ in range(3):
        assert worker.run(FORWARD)["steps"][0]["y"].tolist() == [[2.0, 4.0]]
    status, errors = worker.end()
    assert status == 0
    assert errors.count("a print") == errors.count("bytes on descriptor 1") == errors.count("words of a child") == 3


def test_what_reads_standard_input_does_not_take_from_the_wire(start):
    worker = start()
    worker.receive()
    backward = {"step": "Backward", "x": X, "dy": X, "training": True}
    assert worker.run(backward)["steps"][0]["dx"].tolist() == [0]
    assert worker.run(FORWARD)["raised"] is None


def test_a_worker_goes_on_after_an_exception(start):
    worker = start()
    worker.receive()
    raised = worker.run({"step": "SetState", "state": []})["raised"]
    assert raised == {"type": "RuntimeError", "message": "no state here", "step": 0, "unsupported": False}
    assert worker.run(FORWARD)["raised"] is None


def test_a_worker_ends_with_its_wire(start):
    worker = start()
    worker.receive()
    assert worker.end()[0] == 0


@pytest.mark.parametrize(
    ("adapter", "mode", "failed"),
    [
        ("fake", "broken", "ImportError: libfake.so: cannot open shared object file"),
        ("fake", "leaves", "SystemExit: I refuse"),
        ("nosuch", None, "ModuleNotFoundError: No module named 'bncheck_worker.adapters.nosuch'"),
        ("../fake", None, "ValueError: no adapter is called '../fake'"),
    ],
)
def test_a_worker_that_cannot_start_says_why(start, adapter, mode, failed):
    worker = start(adapter, mode=mode)
    assert worker.receive() == {"failed": failed, "layer": False}
    assert worker.end()[0] == 0


LAYERS = {
    "no_such_file.py:Norm": "FileNotFoundError",
    "no_such_module:Norm": "ModuleNotFoundError",
    "theirs.py:Absent": "AttributeError",
    "theirs.py:NUMBER": "is no layer",
    "unfinished.py:Norm": "SyntaxError",
    "loud.py:Norm": "RuntimeError: first line second line",
    "leaving.py:Norm": "SystemExit",
    "theirs.py": "does not import",
}


@pytest.fixture(scope="module")
def theirs(folder):
    """A user's files, in the folder where the worker is started."""
    home = folder.parent
    (home / "theirs.py").write_text("import os\nMODE = os.environ['FAKE_MODE']\nNUMBER = 3\ndef Norm(): return MODE\n")
    (home / "unfinished.py").write_text("class Norm(\n")
    (home / "loud.py").write_text("raise RuntimeError('first line\\n  second line')\n")
    (home / "leaving.py").write_text("import sys\nsys.exit(3)\n")
    return home


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_does_not_load_is_said_in_one_line(start, theirs, layer):
    found = start(layer=layer).receive()
    assert found["layer"] is True
    assert found["failed"].startswith(f"LayerError: --layer {layer} ")
    assert LAYERS[layer] in found["failed"]
    assert len(found["failed"].splitlines()) == 1


@pytest.mark.parametrize("layer", ["theirs.py:Norm", "theirs:Norm"])
def test_a_layer_is_loaded_after_the_framework_was_prepared(start, theirs, layer):
    description = start(layer=layer, mode="quick").receive()["description"]
    assert description["made"] == "quick"
    assert description["prepared"] == ["quick"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no limit of the address space")
def test_a_worker_that_wants_more_memory_than_it_may_have_dies(start):
    worker = start(memory=4 << 30)
    worker.receive()
    assert worker.run(FORWARD)["raised"] is None
    worker.send({"step": "SaveLoad"})
    status, errors = worker.end()
    assert status != 0
    assert "MemoryError" in errors
