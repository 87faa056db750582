"""How programs reach a subject: a worker process in the subject's own interpreter, or an adapter in this process."""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections import deque
from pathlib import Path

import bncheck.worker
from bncheck.cases.trace import Malformed
from bncheck.errors import UsageError
from bncheck.worker import codec
from bncheck.worker.program import Runner

STARTUP_SECONDS = 300.0
MOST_READ = 1 << 20
REQUEST_SECONDS = 120.0
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


class WorkerDied(Exception):
    """A worker ended, or gave no answer in time; the message says which."""


class StartFailed(UsageError):
    """A subject cannot be started: its framework does not import, or the user's layer does not load."""


class InProcess:
    """An adapter of this process; what it is sent is its own, to write into, as in a worker."""

    def __init__(self, adapter, description):
        self.runner, self.description = Runner(adapter), description
        self.waiting = deque()

    def send(self, programs):
        """Take programs to run."""
        self.waiting.append(codec.decode(codec.encode(programs)))

    def receive(self):
        """The traces of the programs that were sent first and not answered yet."""
        return [self.runner.run(program) for program in self.waiting.popleft()]

    def close(self):
        """Nothing to end."""

    kill = close


def _widen(*pipes):
    """Let the pipes hold most requests whole, where the system has that, so that no side waits for the other's turn."""
    for pipe in pipes if hasattr(fcntl, "F_SETPIPE_SZ") else ():
        with contextlib.suppress(OSError):  # more than the system lets a user have
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, MOST_READ)


class Worker:
    """A worker process; started at first use, and started anew after it died.

    ``seconds`` is the time that each request may take; ``memory`` is a limit in bytes, or None.  A request is written
    to the file ``journal`` before it is sent, so that it is on disk whatever it does.  One that is sent before the last
    one's answer was received follows at once when that answer is there, which is looked at later.
    """

    def __init__(self, python, adapter, *, mode=None, layer=None, seconds=REQUEST_SECONDS, memory=None):
        self.python, self.adapter = str(python), adapter
        self.options = {"mode": mode, "layer": layer, "memory": memory}
        self.seconds = seconds
        self.process, self.killed = None, False
        self.due, self.held = False, None  # whether an answer is to come; one that came, or why none did
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the worker)
        self.journal = tempfile.TemporaryFile()  # noqa: SIM115
        self._description = None

    @property
    def description(self):
        """What the subject says of itself.  Starts the worker; raises StartFailed where it does not start."""
        if self._description is None:
            self._start()
        return self._description

    def send(self, programs):
        """Send programs.  Raises WorkerDied."""
        frame = codec.encode({"programs": programs}, once=True)
        if self.due:
            self.held = self._answer()
        if self.process is None:
            self._start()
        os.pwrite(self.journal.fileno(), frame, 0)
        self.journal.truncate(len(frame))
        try:
            self.process.stdin.write(frame)
            self.process.stdin.flush()
        except OSError:
            raise self._died() from None
        self.due = True

    def receive(self):
        """The traces of the programs that were sent first and not answered yet.

        Raises WorkerDied, and Malformed for a bad answer.
        """
        frame, self.held = self.held or self._answer(), None
        if isinstance(frame, Exception):
            raise frame
        answer = self._decoded(frame)
        traces = answer.get("traces") if isinstance(answer, dict) else None
        if not isinstance(traces, list):
            raise Malformed("the worker's answer has no traces")
        return traces

    def _answer(self):
        """The frame of the answer that is due, or the reason why there is none."""
        self.due = False
        try:
            return self._read_frame(self.seconds)
        except (WorkerDied, Malformed) as error:
            return error

    def close(self):
        """End the worker."""
        if self.process is not None:
            self.process.stdin.close()
            self._end(wait=1.0)

    def kill(self):
        """End the worker at once, from any thread, and start no other."""
        self.killed = True
        process = self.process
        if process is not None:
            process.kill()

    def _start(self):
        if self.killed:
            raise WorkerDied("the worker was ended")
        folder = Path(bncheck.worker.__file__).parent / "__main__.py"
        environment = {**os.environ, **ENVIRONMENT}
        command = [self.python, "-I", str(folder), self.adapter, json.dumps(self.options)]
        try:
            # In a process group of its own, so that the terminal's Ctrl-C does not end it in the middle of a case.
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                env=environment,
                process_group=0,
            )
        except OSError as error:
            raise StartFailed(f"{self.python} does not run: {error.strerror}; name a Python interpreter") from None
        _widen(self.process.stdin, self.process.stdout)
        try:
            hello = self._decoded(self._read_frame(STARTUP_SECONDS))
        except (WorkerDied, Malformed) as error:
            raise StartFailed(f"{self.python}: the worker for {self.adapter} does not start: {error}") from None
        if not isinstance(hello, dict) or not isinstance(hello.get("description"), dict):
            self.close()
            raise StartFailed(self._why_not(hello))
        self._description = hello["description"]

    def _why_not(self, hello):
        reason = str(hello.get("failed") if isinstance(hello, dict) else hello).splitlines()[0][:400]
        if isinstance(hello, dict) and hello.get("layer"):
            return f"{reason.removeprefix('LayerError: ')}; name a class that {self.python} can import"
        return f"{self.adapter} does not start in {self.python}: {reason}; name an interpreter that has it, or a cell"

    def _read_frame(self, seconds):
        """The next frame; nothing stands behind it in the pipe, for a worker answers when it is asked."""
        deadline = time.monotonic() + seconds
        head = self._read(deadline)
        while len(head) < codec.SIZES.size:
            head += self._read(deadline)
        try:
            missing = codec.SIZES.size + codec.body_size(head[: codec.SIZES.size]) - len(head)
        except codec.CodecError as error:
            raise self._garbled(error) from None
        parts = [head]
        while missing > 0:
            parts.append(self._read(deadline))
            missing -= len(parts[-1])
        return b"".join(parts)

    def _read(self, deadline):
        if self.process is None:
            raise WorkerDied("the worker was ended")
        pipe, left = self.process.stdout.fileno(), deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            self._end()
            raise WorkerDied(f"no answer in time; the worker was ended ({self._last_words()})")
        part = os.read(pipe, MOST_READ)
        if not part:
            raise self._died()
        return part

    def _decoded(self, frame):
        try:
            return codec.decode(frame)
        except codec.CodecError as error:
            raise self._garbled(error) from None

    def _garbled(self, error):
        if self.process is not None:
            self._end()
        return Malformed(f"the worker's answer is not of its language: {error}")

    def _died(self):
        code = self._end(wait=5.0)
        how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        return WorkerDied(f"the worker died with {how} ({self._last_words()})")

    def _end(self, wait=0.0):
        process, self.process = self.process, None
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        return process.returncode

    def _last_words(self):
        size = os.fstat(self.log.fileno()).st_size
        text = os.pread(self.log.fileno(), 4000, max(0, size - 4000)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:200] if lines else "it said nothing"
