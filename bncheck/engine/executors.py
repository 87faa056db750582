"""Places where cells are examined, by name: ``dask=ADDRESS`` is a Dask cluster."""

import asyncio
import logging
import time
from contextlib import contextmanager
from uuid import uuid4

from bncheck.engine.remote import Place
from bncheck.errors import UnknownName, UsageError

CONNECT_SECONDS, JOIN_SECONDS, LOOK_SECONDS = 10, 60, 1.0
FORM = "--executor is NAME=ADDRESS, such as dask=tcp://10.0.0.1:8786"


def opened(text):
    """The place of ``NAME=ADDRESS``, as a context manager.  Raises UsageError where there is none."""
    name, _, address = text.partition("=")
    if name not in EXECUTORS:
        raise UnknownName("executor", name, EXECUTORS)
    if not address:
        raise UsageError(f"{text} has no address: {FORM}")
    return EXECUTORS[name](address)


@contextmanager
def dask(address):
    """A Dask cluster; tasks are tried again where the worker that computes them is lost."""
    try:
        from distributed import Client, Event
    except ImportError:
        raise UsageError("--executor dask=… needs Dask: pip install 'bncheck[dask]'") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # the entries tell of a cluster that is lost
    _check_scheduler(address)
    with Client(address, timeout=CONNECT_SECONDS, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=JOIN_SECONDS)
        except TimeoutError:
            raise UsageError(f"the Dask cluster at {address} has no worker after {JOIN_SECONDS} s") from None
        stop = Stop(f"bncheck-{uuid4().hex}")
        # Each run is computed anew: a task that was stopped is nobody else's answer.  The event stays set, for tasks
        # that are no longer waited for.
        yield Place(client.get_executor(pure=False), stop, lambda futures: Event(stop.name, client).set())


def _check_scheduler(address):
    """Raise UsageError where no scheduler answers; a client would wait for what else may listen there."""
    try:
        kind = asyncio.run(asyncio.wait_for(_kind(address), CONNECT_SECONDS))
    except (OSError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else f"nothing in {CONNECT_SECONDS} s"
        raise UsageError(f"no Dask scheduler answers at {address}: {said:.200}") from None
    if kind != "Scheduler":
        raise UsageError(f"at {address} is a Dask {kind.lower()}: name the scheduler's address")


async def _kind(address):
    from distributed import Security, rpc

    async with rpc(address, connection_args=Security().get_connection_args("client")) as there:
        return str((await there.identity())["type"])


class Stop:
    """Whether the user stopped, as a task on a Dask worker asks it."""

    def __init__(self, name):
        self.name, self.looked, self.stopped = name, float("-inf"), False

    def __call__(self):
        if not self.stopped and time.monotonic() - self.looked > LOOK_SECONDS:
            self.stopped, self.looked = _is_set(self.name), time.monotonic()
        return self.stopped


def _is_set(name):
    from distributed import Event

    try:
        return Event(name).is_set()
    except OSError:  # the scheduler is away for a while, or for good
        return False


EXECUTORS = {"dask": dask}
