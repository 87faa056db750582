"""A real Dask cluster: a scheduler and two workers, processes of their own, on this machine."""

import os
import signal
import socket
import sys
import threading
import time

import pytest
from click.testing import CliRunner
from test_remote import FEW, LAWS, SPECS, without_times

from bncheck import invariants
from bncheck.commands import main
from bncheck.engine import campaign, executors, remote
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
LONG = Budget(max_examples=300)
ENDLESS = Budget(max_examples=10**6)


@pytest.fixture(scope="module")
def cluster():
    # A worker that is killed has time to come back, on a machine with other things to do as well.
    patient = {"distributed.scheduler.allowed-failures": 1, "distributed.deploy.lost-worker-timeout": "300s"}
    with (
        dask.config.set(patient),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as made,
    ):
        yield made


@pytest.fixture
def address(cluster):
    cluster.wait_for_workers(2, timeout=120)
    return cluster.scheduler_address


class Watch(campaign.Silent):
    """Notes which cells are done, and when the user stopped."""

    def __init__(self):
        self.done, self.stopped = [], False

    def finished(self, name, entry):
        self.done.append(name)

    def stopping(self):
        self.stopped = True


def run(address, laws=LAWS, budget=FEW, specs=SPECS, **more):
    with executors.opened(f"dask={address}") as place:
        return remote.run(specs, invariants.select(laws), budget, place, **more)


def verdicts(found):
    return {result["verdict"] for cell in found["cells"] for result in cell["results"]}


def once_begun(address, do):
    """In the background, do this to the process id of a worker that computes a task, once there is one."""

    def watch():
        with distributed.Client(address, set_as_default=False) as client:
            pids = client.run(os.getpid)
            while not (busy := [worker for worker, tasks in client.processing().items() if tasks]):
                time.sleep(0.05)
            do(pids[busy[0]])

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_the_record_is_that_of_the_local_run(address):
    assert without_times(run(address)) == without_times(campaign.run(SPECS, invariants.select(LAWS), FEW))


def test_the_command_says_what_it_says_locally(address):
    asked = ["run", "reference", "--select", "inference_*", "--max-examples", "5"]
    there, here = (CliRunner().invoke(main, [*asked, *more]) for more in (["--executor", f"dask={address}"], []))
    assert there.exit_code == here.exit_code == 0
    assert there.stdout.splitlines()[:-1] == here.stdout.splitlines()[:-1]
    assert there.stderr.startswith("reference: ")


def test_a_worker_that_is_killed_in_the_middle_costs_nothing_but_time(address):
    def kill(pid):
        done_before.extend(watched.done)
        os.kill(pid, signal.SIGKILL)

    watched, done_before = Watch(), []
    thread = once_begun(address, kill)
    found = run(address, budget=LONG, progress=watched)
    thread.join()
    assert (done_before, len(watched.done)) == ([], 3)
    assert without_times(found) == without_times(campaign.run(SPECS, invariants.select(LAWS), LONG))


def test_a_cell_that_kills_each_worker_is_an_error(address):
    def deadly(laws, name):
        return laws if os.getpid() == here else os.kill(os.getpid(), signal.SIGKILL)

    here = os.getpid()
    found = run(address, specs=SPECS[:1], laws=LAWS[:2], chosen=deadly)
    (cell,) = found["cells"]
    assert cell["error"].startswith("its task could not be computed: KilledWorker: ")
    assert cell["results"] == []


def test_ctrl_c_stops_what_has_begun_and_keeps_it(address):
    watched = Watch()
    thread = once_begun(address, lambda pid: (time.sleep(3), os.kill(os.getpid(), signal.SIGINT)))
    found = run(address, budget=ENDLESS, progress=watched)
    thread.join()
    assert watched.stopped
    assert found["interrupted"] is True
    assert verdicts(found) == {"inconclusive"}
    assert not any("error" in cell for cell in found["cells"])
    assert sum(result["cases"] for cell in found["cells"] for result in cell["results"]) > 0


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(executors, "JOIN_SECONDS", 1)


@pytest.fixture
def mute():
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def says(executor):
    answer = CliRunner().invoke(main, ["run", "reference", "--executor", executor])
    assert (answer.exit_code, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("executor", "line"),
    [
        ("dusk=tcp://127.0.0.1:1", "bncheck: no executor is called 'dusk': did you mean dask?"),
        ("dask", "bncheck: dask has no address: --executor is NAME=ADDRESS, such as dask=tcp://10.0.0.1:8786"),
        ("dask=here", "bncheck: no Dask scheduler answers at here: missing port number in address 'here'"),
        ("dask=tcp://127.0.0.1:1", "bncheck: no Dask scheduler answers at tcp://127.0.0.1:1: nothing in 1 s"),
    ],
)
def test_an_executor_that_is_none_is_told_in_one_line(hasty, executor, line):
    assert says(executor) == line


def test_a_server_that_says_nothing_is_told_in_one_line(hasty, mute):
    assert says(f"dask={mute}") == f"bncheck: no Dask scheduler answers at {mute}: nothing in 1 s"


def test_a_worker_is_no_scheduler(address, cluster):
    worker = next(iter(cluster.scheduler_info["workers"]))
    assert says(f"dask={worker}") == f"bncheck: at {worker} is a Dask worker: name the scheduler's address"


def test_a_cluster_without_a_worker_is_told(hasty):
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as empty,
        pytest.raises(UsageError, match="has no worker after 1 s"),
    ):
        run(empty.scheduler_address)


def test_without_dask_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert says("dask=tcp://127.0.0.1:1") == "bncheck: --executor dask=… needs Dask: pip install 'bncheck[dask]'"


def test_workers_of_this_machine_are_not_those_of_a_cluster():
    answer = CliRunner().invoke(main, ["run", "reference", "--workers", "2", "--executor", "dask=tcp://127.0.0.1:1"])
    assert answer.exit_code == 2
    assert "leave it out with --executor" in answer.stderr
