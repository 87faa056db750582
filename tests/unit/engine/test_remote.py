"""Tasks of plain executors; `test_executors.py` has those of a Dask cluster."""

import os
import pickle
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import jsonschema
import pytest

from bncheck import invariants
from bncheck.cases.case import Case
from bncheck.engine import campaign, remote, replay
from bncheck.engine.examine import Budget
from bncheck.engine.remote import Place
from bncheck.errors import UsageError
from bncheck.records import ledger, record
from bncheck.subjects.resolve import REFERENCE, Spec
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAWS = ["inference_output_matches_reference", "moving_variance_matches_reference", "weights_port_in_inference"]
FEW = Budget(max_examples=5)
TRAITS = {"right": Traits(), "also": Traits(running_variance="unbiased"), "wrong": Traits(epsilon="outside")}
SPECS = [Spec("reference", REFERENCE), Spec("again", REFERENCE)]


@pytest.fixture
def opened(monkeypatch):
    """In this process cells are the reference with traits of ours; one cannot be built."""

    def open_subject(spec, tell):
        if spec.name == "absent":
            raise UsageError("no such thing:\n  at all")
        return reference_subject(TRAITS[spec.name], name=spec.name)

    monkeypatch.setattr(campaign, "open_subject", open_subject)


def without_times(found):
    cells = [
        {
            **{key: value for key, value in cell.items() if key not in ("seconds", "inside")},
            "results": [{**result, "seconds": 0} for result in cell["results"]],
        }
        for cell in found["cells"]
    ]
    return {**{key: value for key, value in found.items() if key != "started"}, "cells": cells}


def specs(*names):
    return [Spec(name, "fake") for name in names]


def in_threads(specs, laws=LAWS, workers=2, budget=FEW, **more):
    with ThreadPoolExecutor(workers) as pool:
        return remote.run(specs, invariants.select(laws), budget, Place(pool), **more)


def test_the_record_is_that_of_the_local_run(opened):
    asked = specs("right", "wrong", "also")
    found = in_threads(asked)
    jsonschema.validate(found, record.schema())
    assert without_times(found) == without_times(campaign.run(asked, invariants.select(LAWS), FEW))
    assert {result["verdict"] for cell in found["cells"] for result in cell["results"]} == {"pass", "fail"}


def test_other_processes_give_the_same_record():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = remote.run(SPECS, invariants.select(LAWS), FEW, Place(pool))
    assert [cell["cell"] for cell in found["cells"]] == ["reference", "again", "reference ~ again"]
    assert without_times(found) == without_times(campaign.run(SPECS, invariants.select(LAWS), FEW))


def test_one_subject_has_no_laws_between_subjects_and_a_note_says_so(opened):
    assert "need two subjects" in in_threads(specs("right"))["notes"][0]
    assert in_threads(specs("absent"), laws=LAWS[2:])["cells"] == []


def test_a_subject_that_does_not_open_is_an_error_and_the_others_go_on(opened):
    absent, right, pair = in_threads(specs("absent", "right"))["cells"]
    assert (absent["error"], absent["results"]) == ("no such thing: at all", [])
    assert {result["verdict"] for result in right["results"]} == {"pass"}
    assert pair["error"] == "no such thing: at all"


def test_given_cases_and_the_ledger_go_with_a_task(opened, tmp_path):
    found = in_threads(specs("wrong"), laws=LAWS[:1])
    path = tmp_path / "record.json"
    record.write(found, path)
    laws = invariants.select(LAWS[:1])
    given = replay.read(path, laws)
    case = found["cells"][0]["results"][0]["finding"]["case"]
    pinned = Case.from_json(case)
    entry = ledger.Entry(LAWS[0], "reference", ">=0", "epsilon: outside", "known", "https://x", pinned, "here")
    task = remote.Task(tuple(SPECS), (LAWS[0],), FEW, given.laws, (entry,), remote.this_bncheck())
    again = pickle.loads(pickle.dumps(task))
    assert [law.examples for law in again.chosen(laws, "any")] == [()]
    assert again.ledger[0].case.digest == pinned.digest
    (cell,) = in_threads(specs("wrong"), laws=LAWS[:1], chosen=given.laws)["cells"]
    assert cell["results"][0]["finding"]["case"] == case


def test_progress_tells_what_is_done(opened):
    class Watch(campaign.Silent):
        def finished(self, name, entry):
            told.append((name, len(entry["results"])))

    told = []
    in_threads(specs("right", "also"), progress=Watch())
    assert sorted(told) == [("also", 2), ("right", 2), ("right ~ also", 1)]


class Fails:
    """An executor whose tasks come to nothing."""

    def __init__(self, error):
        self.error = error

    def submit(self, *task):
        future = Future()
        if self.error:
            future.set_exception(self.error)
        else:
            future.cancel()
            future.set_running_or_notify_cancel()
        return future


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RuntimeError("the machine\nis gone"), "its task could not be computed: RuntimeError: the machine is gone"),
        (None, "its task was cancelled, or what computed it is lost"),
    ],
)
def test_what_cannot_be_computed_is_an_error_of_the_cell(error, says):
    found = remote.run(SPECS, invariants.select(LAWS), FEW, Place(Fails(error)))
    jsonschema.validate(found, record.schema())
    assert [cell["error"] for cell in found["cells"]] == [says] * 3
    assert "interrupted" not in found


def test_another_bncheck_is_an_error(opened):
    task = remote.Task(tuple(specs("right")), (LAWS[0],), FEW, None, (), ("0.0.9", "abc"))
    assert "where its task ran is another bncheck (" in remote.entry_of(task)["error"]


def interrupting(times, begun):
    """Send Ctrl-C so many times once a task has begun."""

    def send():
        assert begun.wait(30)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.5)

    threading.Thread(target=send).start()


@pytest.fixture
def slow(monkeypatch):
    """Subjects that open when they are let go, and what says that one is to be opened."""

    def open_subject(spec, tell):
        begun.set()
        assert go.wait(30)
        return reference_subject(name=spec.name)

    begun, go = threading.Event(), threading.Event()
    monkeypatch.setattr(campaign, "open_subject", open_subject)
    yield begun, go
    go.set()


def test_ctrl_c_keeps_what_has_begun_and_nothing_more_begins(slow):
    class Watch(campaign.Silent):
        def stopping(self):
            told.append("stopping")
            go.set()

    (begun, go), told = slow, []
    interrupting(1, begun)
    before = signal.getsignal(signal.SIGINT)
    found = in_threads(specs("right", "also"), laws=LAWS[:2], workers=1, progress=Watch())
    assert signal.getsignal(signal.SIGINT) is before
    assert (found["interrupted"], told) == (True, ["stopping"])
    right, also = ({result["verdict"] for result in cell["results"]} for cell in found["cells"])
    assert (right, also) == ({"pass"}, {"inconclusive"})
    jsonschema.validate(found, record.schema())


def test_tasks_that_can_be_told_to_stop_are_told(slow):
    begun, go = slow
    stop = threading.Event()

    def halt(futures):
        stop.set()
        go.set()

    interrupting(1, begun)
    with ThreadPoolExecutor(1) as pool:
        place = Place(pool, stop.is_set, halt)
        found = remote.run(specs("right", "also"), invariants.select(LAWS), FEW, place)
    assert {result["verdict"] for cell in found["cells"] for result in cell["results"]} == {"inconclusive"}
    assert not any("error" in cell for cell in found["cells"])


def test_a_second_ctrl_c_waits_for_nothing(slow):
    begun, go = slow
    interrupting(2, begun)
    with ThreadPoolExecutor(1) as pool:
        found = remote.run(specs("right", "also"), invariants.select(LAWS[:2]), FEW, Place(pool))
        assert not go.is_set()
        go.set()
    assert {result["verdict"] for cell in found["cells"] for result in cell["results"]} == {"inconclusive"}
