"""A worker process: its answers, its death, its silence and its garbage, with an adapter that does as the seed says."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import bncheck.worker
from bncheck.cases.case import Case, Forward, State
from bncheck.cases.network import Linear
from bncheck.cases.trace import Malformed
from bncheck.errors import UsageError
from bncheck.subjects.transport import InProcess, StartFailed, Worker, WorkerDied
from bncheck.worker import codec

FAKE = """
import os
import signal
import sys
import time

from . import Unsupported


class Adapter:
    def __init__(self, mode=None, batch_norm=None):
        if mode == "missing":
            raise ImportError("No module named 'fake'\\nsecond line")
        if mode == "slow":
            time.sleep(60)
        if mode == "dead":
            sys.stderr.write("a library aborts\\n")
            os._exit(9)

    def describe(self):
        return {"framework": "fake", "version": "1.0", "capabilities": ["inference"], "dtypes": ["float32"]}

    def build(self, network, shape, dtype, seed):
        return Model(seed)


class Model:
    def __init__(self, seed):
        self.seed = seed

    def set_state(self, state):
        self.kept = state

    def state(self):
        return [{}]

    def forward(self, x, training):
        if self.seed == 13:
            sys.stderr.write("Fatal: the kernel is gone\\n")
            sys.stderr.flush()
            os._exit(3)
        if self.seed == 14:
            time.sleep(60)
        if self.seed == 15:
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.seed == 16:
            raise ValueError("bad shape")
        if self.seed == 17:
            raise Unsupported("not here")
        if self.seed == 18:
            return {1, 2}
        return x + self.seed
"""
GARBLED = """
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from worker import codec

ANSWERS = {
    "garbage": b"\\x05" + bytes(15) + b"these are no sizes of a frame",
    "huge": b"\\xff" * 16,
    "plain": codec.encode([1, 2]),
    "no traces": codec.encode({"traces": "none"}),
    "greeting": None,
}
kind = sys.argv[1]
out = os.fdopen(1, "wb")
if kind == "greeting":
    out.write(codec.encode({"failed": None}))
    out.flush()
    sys.exit(0)
out.write(codec.encode({"description": {"framework": kind}}))
out.flush()
while True:
    head = sys.stdin.buffer.read(16)
    if len(head) < 16:
        break
    sys.stdin.buffer.read(codec.body_size(head))
    out.write(ANSWERS[kind])
    out.flush()
"""
X = np.ones((2, 1), np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the worker's folder with the adapter ``fake``."""
    copy = tmp_path / "worker"
    shutil.copytree(Path(bncheck.worker.__file__).parent, copy)
    (copy / "adapters" / "fake.py").write_text(FAKE)
    monkeypatch.setattr(bncheck.worker, "__file__", str(copy / "__init__.py"))
    return copy


@pytest.fixture
def start(folder):
    workers = []

    def start(adapter="fake", **options):
        workers.append(Worker(sys.executable, adapter, **options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()
        worker.kill()


def program(seed):
    return Case((Linear(),), (Forward(X, False), State()), seed).plain


def ask(worker, *seeds):
    worker.send([program(seed) for seed in seeds])
    return worker.receive()


def test_a_worker_describes_itself_when_it_is_first_asked(start):
    worker = start()
    assert worker.process is None
    assert worker.description["framework"] == "fake"
    assert worker.description["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert worker.process.poll() is None


def test_programs_are_answered_in_their_order_by_one_process(start):
    worker = start()
    answers = ask(worker, 1, 2)
    process = worker.process.pid
    assert [answer["steps"][0]["y"].tolist() for answer in answers] == [[[2], [2]], [[3], [3]]]
    assert answers[0]["steps"][1] == {"state": [{}]}
    ask(worker, 3)
    assert worker.process.pid == process


def test_a_request_may_be_sent_before_the_last_answer_is_received(start):
    worker = start()
    worker.send([program(1)])
    worker.send([program(2)])
    assert [worker.receive()[0]["steps"][0]["y"].max() for _ in range(2)] == [2, 3]


def test_a_death_is_that_of_the_request_that_was_answered_next(start):
    worker = start()
    worker.send([program(13)])
    worker.send([program(2)])
    with pytest.raises(WorkerDied, match="exit code 3"):
        worker.receive()
    assert worker.receive()[0]["steps"][0]["y"].max() == 3


def test_a_request_that_follows_an_answer_in_another_language_is_lost_with_it(start, folder):
    (folder / "__main__.py").write_text(GARBLED)
    worker = start("garbage")
    worker.send([program(1)])
    worker.send([program(2)])
    with pytest.raises(Malformed):
        worker.receive()
    with pytest.raises((WorkerDied, Malformed)):
        worker.receive()


def test_an_exception_is_data_and_the_process_goes_on(start):
    worker = start()
    raised, unsupported, fine = ask(worker, 16, 17, 1)
    assert raised["raised"] == {"type": "ValueError", "message": "bad shape", "step": 0, "unsupported": False}
    assert unsupported["raised"]["unsupported"]
    assert fine["steps"]


@pytest.mark.parametrize(
    ("seed", "how"),
    [
        (13, r"exit code 3 \(Fatal: the kernel is gone\)"),
        (15, "SIGSEGV"),
        (18, r"exit code 1 \(TypeError: <class 'set'> cannot be sent\)"),
    ],
)
def test_a_death_says_how_and_its_last_words_and_another_process_goes_on(start, seed, how):
    worker = start()
    with pytest.raises(WorkerDied, match=f"the worker died with {how}"):
        ask(worker, seed)
    assert worker.process is None
    assert ask(worker, 1)[0]["steps"]


def test_silence_ends_the_process_when_the_time_is_over(start):
    worker = start(seconds=0.5)
    worker.description  # noqa: B018 (starts it)
    process, began = worker.process, time.monotonic()
    with pytest.raises(WorkerDied, match="no answer in time"):
        ask(worker, 14)
    assert time.monotonic() - began < 5
    assert process.poll() is not None
    assert ask(worker, 1)[0]["steps"]


def test_a_process_that_is_killed_between_two_requests_is_a_death(start):
    worker = start()
    ask(worker, 1)
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    with pytest.raises(WorkerDied, match="SIGKILL"):
        ask(worker, 1)
    assert ask(worker, 1)


def test_a_request_is_on_disk_before_it_is_answered(start):
    worker = start()
    with pytest.raises(WorkerDied):
        ask(worker, 13)
    journal = codec.decode(os.pread(worker.journal.fileno(), 1 << 20, 0))
    assert journal["programs"][0]["seed"] == 13
    ask(worker, 1)
    assert codec.decode(os.pread(worker.journal.fileno(), 1 << 20, 0))["programs"][0]["seed"] == 1


@pytest.mark.parametrize("kind", ["garbage", "huge", "plain", "no traces"])
def test_an_answer_in_another_language_is_malformed(start, folder, kind):
    (folder / "__main__.py").write_text(GARBLED)
    worker = start(kind)
    with pytest.raises(Malformed, match="the worker's answer"):
        ask(worker, 1)


@pytest.mark.parametrize(
    ("adapter", "mode", "why"),
    [
        ("fake", "missing", "fake does not start in .*: ImportError: No module named 'fake'; name an interpreter"),
        ("fake", "dead", r"the worker for fake does not start: .* exit code 9 \(a library aborts\)"),
        ("nothing", None, "nothing does not start in .*: ModuleNotFoundError: .*; name an interpreter"),
        ("../fake", None, "no adapter is called '../fake'"),
    ],
)
def test_a_worker_that_does_not_start_says_why_in_one_line(start, adapter, mode, why):
    with pytest.raises(StartFailed, match=why) as raised:
        start(adapter, mode=mode).description  # noqa: B018
    assert isinstance(raised.value, UsageError)
    assert "\n" not in str(raised.value)


def test_a_greeting_that_is_none_is_a_failed_start(start, folder):
    (folder / "__main__.py").write_text(GARBLED)
    with pytest.raises(StartFailed):
        start("greeting").description  # noqa: B018


def test_a_start_that_takes_too_long_is_given_up(start, monkeypatch):
    monkeypatch.setattr("bncheck.subjects.transport.STARTUP_SECONDS", 0.5)
    with pytest.raises(StartFailed, match="no answer in time"):
        start(mode="slow").description  # noqa: B018


@pytest.mark.parametrize("python", ["/nowhere/python", __file__])
def test_an_interpreter_that_is_none_is_told_in_one_line(python):
    with pytest.raises(StartFailed, match=r"does not run: .*; name a Python interpreter"):
        Worker(python, "fake").description  # noqa: B018


def test_closing_ends_the_process(start):
    worker = start()
    worker.description  # noqa: B018
    process = worker.process
    worker.close()
    worker.close()
    assert process.poll() == 0


def test_a_worker_that_was_killed_does_not_start_again(start):
    worker = start()
    ask(worker, 1)
    worker.kill()
    with pytest.raises(WorkerDied):
        ask(worker, 1)
    with pytest.raises(WorkerDied, match="the worker was ended"):
        ask(worker, 1)


def test_a_megabyte_goes_there_and_back(start):
    worker, x = start(), np.arange(3 << 18, dtype=np.float32).reshape(-1, 3)
    worker.send([Case((Linear(),), (Forward(x, False),), 0).plain])
    assert (worker.receive()[0]["steps"][0]["y"] == x).all()


class Doubling:
    """An adapter of this process."""

    def build(self, network, shape, dtype, seed):
        return self

    def forward(self, x, training):
        return 2 * x

    def state(self):
        return [{}]


def test_an_adapter_of_this_process_answers_alike():
    transport = InProcess(Doubling(), {"framework": "ours"})
    assert transport.description == {"framework": "ours"}
    transport.send([program(0), program(1)])
    assert [answer["steps"][0]["y"].tolist() for answer in transport.receive()] == [[[2], [2]]] * 2
    transport.close()
