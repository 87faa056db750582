import os
import signal
import threading
import time

import jsonschema
import pytest

from bncheck import invariants
from bncheck.engine import campaign, replay
from bncheck.engine.examine import Budget
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.subjects.resolve import Spec
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import Traits

FEW = Budget(max_examples=5)
ALONE = ["inference_leaves_state_alone", "inference_output_matches_reference"]
BETWEEN = ["weights_port_in_inference"]
SUBJECTS = {"right": Traits(), "also": Traits(running_variance="unbiased"), "wrong": Traits(epsilon="outside")}


def specs(*names):
    return [Spec(name, "fake") for name in names]


@pytest.fixture
def closed(monkeypatch):
    """The names of the subjects that were closed."""
    names = []
    monkeypatch.setattr(ReferenceTransport, "close", lambda self: names.append(self.traits.epsilon))
    return names


def opened(spec, tell):
    tell("building")
    if spec.name == "absent":
        raise UsageError("no such thing:\n  at all")
    return reference_subject(SUBJECTS[spec.name], name=spec.name)


def run(names, laws=(*ALONE, *BETWEEN), budget=FEW, **more):
    return campaign.run(specs(*names), invariants.select(laws), budget, **{"opened": opened, **more})


def verdicts(entry):
    return {result["invariant"]: result["verdict"] for result in entry["results"]}


def test_each_subject_and_each_pair_is_an_entry_in_the_order_of_their_names():
    found = run(["right", "wrong", "also"], workers=3)
    assert [entry["cell"] for entry in found["cells"]] == [
        "right",
        "wrong",
        "also",
        "right ~ wrong",
        "right ~ also",
        "wrong ~ also",
    ]
    assert [list(verdicts(entry)) for entry in found["cells"]] == [ALONE] * 3 + [BETWEEN] * 3
    jsonschema.validate(found, record.schema())


def test_an_entry_says_what_the_subject_is():
    entry = run(["also"])["cells"][0]
    assert entry["subject"].startswith("reference==")
    assert (entry["traits"]["running_variance"], entry["traits"]["epsilon"]) == ("unbiased", "inside")
    assert "numpy" in entry["packages"]
    assert entry["python"]


def test_findings_are_told_and_the_reference_has_none():
    right, wrong, pair = run(["right", "wrong"])["cells"]
    assert set(verdicts(right).values()) == {"pass"}
    finding = wrong["results"][1]["finding"]
    assert finding["mechanism"] == "epsilon: outside"
    assert pair["results"][0]["verdict"] == "fail"


def test_the_record_is_the_same_however_many_work_side_by_side():
    def without_times(found):
        return [(entry["cell"], [{**result, "seconds": 0} for result in entry["results"]]) for entry in found["cells"]]

    names = ["right", "wrong", "also"]
    assert without_times(run(names, workers=1)) == without_times(run(names, workers=3))


def test_one_subject_has_no_laws_between_subjects_and_a_note_says_so():
    found = run(["right"])
    assert [entry["cell"] for entry in found["cells"]] == ["right"]
    assert "need two subjects" in found["notes"][0]
    assert "weights_port_in_inference" in found["notes"][0]


def test_nothing_is_opened_where_no_law_is_left_to_judge():
    assert run(["absent"], laws=BETWEEN)["cells"] == []


def test_a_subject_that_does_not_open_is_an_error_and_the_others_go_on():
    absent, right, pair = run(["absent", "right"])["cells"]
    assert (absent["error"], absent["results"]) == ("no such thing: at all", [])
    assert set(verdicts(right).values()) == {"pass"}
    assert pair["error"] == "absent could not be examined"


def test_a_fault_of_our_own_is_an_error_with_its_place():
    def faulty(spec, tell):
        raise ZeroDivisionError("oh")

    (entry,) = run(["right"], opened=faulty)["cells"]
    assert entry["error"].startswith("a fault of bncheck itself: ZeroDivisionError: oh")
    assert "test_campaign.py" in entry["error"]


def test_workers_live_until_the_pairs_are_done_and_are_closed(closed):
    class Watch(campaign.Silent):
        def finished(self, name, entry):
            seen.append((name, list(closed)))

    seen = []
    run(["right", "wrong"], progress=Watch())
    assert [gone for _, gone in seen] == [[], [], []]
    assert sorted(closed) == ["inside", "outside"]


def test_without_pairs_a_worker_is_closed_when_its_cell_is_done(closed):
    run(["right", "wrong"], laws=ALONE)
    assert closed[:2] == ["inside", "outside"]


def test_workers_are_closed_whatever_happens(closed):
    class Broken(campaign.Silent):
        def finished(self, name, entry):
            raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        run(["right", "wrong"], progress=Broken())
    assert closed


def test_progress_is_told():
    class Watch(campaign.Silent):
        def building(self, name, line):
            told.append((name, line))

        def running(self, name, done, total):
            counts.append((done, total))

        def finished(self, name, entry):
            told.append((name, len(entry["results"])))

    told, counts = [], []
    run(["right"], progress=Watch())
    assert told == [("right", "building"), ("right", 2)]
    examples = sum(len(law.examples) for law in invariants.select(ALONE))
    assert counts[-1] == (10 + examples, 10 + examples)


def test_a_stop_leaves_the_laws_open():
    found = run(["right", "absent"], stop=lambda: True)
    assert [set(verdicts(entry).values()) for entry in found["cells"]] == [{"inconclusive"}] * 3
    assert {result["reason"] for entry in found["cells"] for result in entry["results"]} == {"interrupted"}


def interrupt_after(seconds):
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_ctrl_c_keeps_what_was_done_and_gives_the_handler_back():
    class Watch(campaign.Silent):
        def stopping(self):
            told.append("stopping")

    told, before = [], signal.getsignal(signal.SIGINT)
    interrupt_after(1.0)
    found = run(["wrong", "right"], budget=Budget(max_examples=10**6), progress=Watch())
    assert found["interrupted"] is True
    assert told == ["stopping"]
    assert verdicts(found["cells"][0])["inference_output_matches_reference"] == "fail"
    assert set(verdicts(found["cells"][1]).values()) == {"inconclusive"}
    assert signal.getsignal(signal.SIGINT) is before
    jsonschema.validate(found, record.schema())


def test_a_second_ctrl_c_kills_workers_that_do_not_answer():
    class Hangs(ReferenceTransport):
        released = threading.Event()

        def receive(self):
            assert self.released.wait(30)
            return super().receive()

        def kill(self):
            self.released.set()

    def hanging(spec, tell):
        subject = reference_subject(name=spec.name)
        subject.transport = Hangs(Traits())
        return subject

    interrupt_after(0.3)
    interrupt_after(0.6)
    start = time.monotonic()
    found = run(["right"], opened=hanging)
    assert time.monotonic() - start < 20
    assert set(verdicts(found["cells"][0]).values()) == {"inconclusive"}


def test_the_users_layer_and_interpreter_are_in_the_record():
    spec = Spec("right", "fake", None, "/there/python", None, "mine:Norm")
    (entry,) = campaign.run([spec], invariants.select(ALONE), FEW, opened=opened)["cells"]
    assert (entry["interpreter"], entry["layer"]) == ("/there/python", "mine:Norm")


def test_a_layer_that_cannot_be_made_is_told(monkeypatch):
    class Refuses(ReferenceTransport):
        def _run(self, program):
            raised = {"type": "TypeError", "message": "Plain() takes no arguments", "step": 0, "unsupported": False}
            return {"steps": [], "raised": raised}

    subject = reference_subject()
    subject.transport = Refuses(Traits())
    with pytest.raises(UsageError, match=r"--layer mine:Plain is no layer: .* raises TypeError: Plain\(\) takes"):
        campaign.check_layer(subject, "mine:Plain")
    campaign.check_layer(reference_subject(), "mine:Norm")


def test_a_layer_that_takes_part_in_no_case_of_a_layer_is_refused():
    class NoStatistics(ReferenceTransport):
        def _run(self, program):
            if not any(layer["layer"] == "BatchNorm" for layer in program["network"]):
                return super()._run(program)
            raised = {"type": "Unsupported", "message": "Norm has no moving_mean", "step": 0, "unsupported": True}
            return {"steps": [], "raised": raised}

    def opened(spec, tell):
        subject = reference_subject(name=spec.name)
        subject.transport = NoStatistics(Traits())
        return subject

    laws = invariants.select([*ALONE, "linear_activation_keeps_training"])
    theirs, none = (Spec("right", "fake", layer=layer) for layer in ("mine:Norm", None))
    (entry,) = campaign.run([theirs], laws, FEW, opened=opened)["cells"]
    assert entry["error"].startswith(
        "--layer mine:Norm: no law could be judged (the subject offers none of the cases: "
    )
    assert "Norm has no moving_mean); cases set the weights" in entry["error"]
    (entry,) = campaign.run([none], laws, FEW, opened=opened)["cells"]
    assert verdicts(entry) == {**dict.fromkeys(ALONE, "inapplicable"), laws[-1].name: "pass"}


def test_a_given_case_is_all_that_is_judged(tmp_path):
    found = run(["wrong", "right"], laws=["inference_output*"])
    path = tmp_path / "record.json"
    record.write(found, path)
    laws = invariants.select(["inference_output*", "weights*"])
    given = replay.read(path, laws)
    again = campaign.run(specs("wrong", "right"), laws, FEW, opened=opened, chosen=given.laws)
    wrong, right, pair = again["cells"]
    assert wrong["results"][0]["finding"]["case"] == found["cells"][0]["results"][0]["finding"]["case"]
    assert right["results"][0]["verdict"] == "pass"
    assert pair["results"] == []


def test_the_record_says_what_was_asked():
    found = run(["right"], budget=Budget(max_examples=3, seed=7))
    assert (found["seed"], found["max_examples"]) == (7, 3)


def test_measured_subjects_have_all_their_traits_and_no_verdict(closed):
    found = campaign.measured(specs("also", "wrong", "absent"), opened=opened)
    jsonschema.validate(found, record.schema())
    also, wrong, absent = found["cells"]
    assert (also["traits"]["running_variance"], wrong["traits"]["epsilon"]) == ("unbiased", "outside")
    assert {"training_gradient", "initial_weights"} <= set(also["traits"])
    assert not also["results"]
    assert absent["error"] == "no such thing: at all"
    assert set(closed) == {"inside", "outside"}
