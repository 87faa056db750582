import json
from pathlib import Path

import numpy as np
import pytest

from bncheck.cases.case import Backward, Case, Forward, SetState, State
from bncheck.cases.network import BatchNorm, Linear
from bncheck.cases.trace import Malformed, Raised
from bncheck.cases.variants import layer_example, network_example
from bncheck.subjects import subject as module
from bncheck.subjects.subject import Subject, SubjectDied
from bncheck.subjects.transport import WorkerDied
from bncheck.truth.reference_subject import ReferenceTransport
from bncheck.truth.traits import Traits

# Of the digests' first digits some say that a request is not packed: cases are made until both kinds are there.
CASES = [layer_example([[0.0], [float(i)]], layer=BatchNorm()) for i in range(1, 40)]
NETWORK = network_example(Linear())


class Counting(ReferenceTransport):
    """The reference; counts requests and programs, and dies on programs with a poisoned input."""

    def __init__(self, poison=None, answer=lambda answers: answers):
        super().__init__(Traits())
        self.requests, self.poison, self.answer, self.closed = [], poison, answer, False

    def send(self, programs):
        super().send(programs)
        self.requests.append(len(programs))

    def receive(self):
        inputs = [step["x"] for program in self.waiting[0] for step in program["steps"] if "x" in step]
        if self.poison is not None and any((x == self.poison).any() for x in inputs):
            self.waiting.popleft()
            raise WorkerDied("the worker died with SIGSEGV (it said nothing)")
        return self.answer(super().receive())

    def close(self):
        self.closed = True


def counting(**options):
    transport = Counting(**options)
    return Subject("counting", transport), transport.requests


def test_a_case_is_run_once_and_remembered():
    subject, requests = counting()
    case, same = CASES[0], Case.from_json(CASES[0].to_json())
    assert subject.run(case) is subject.run(same)
    assert requests == [1]


def test_a_newly_built_model_is_another_case():
    subject, requests = counting()
    subject.run(CASES[0])
    subject.plainly = True
    assert subject.run(CASES[0]) is subject.run(CASES[0])
    assert requests == [1, 1]


def test_cases_sent_ahead_travel_in_one_request_and_are_answered_later():
    subject, requests = counting()
    subject.prefetch(iter([*CASES[:5], NETWORK]))
    assert len(requests) == 1
    for case in (*CASES[:5], NETWORK):
        subject.run(case)
    assert len(requests) == 1


def test_cases_that_are_known_are_not_sent_again():
    subject, requests = counting()
    subject.run(CASES[0])
    subject.prefetch([CASES[0]])
    assert requests == [1]


def test_nothing_is_sent_ahead_where_every_case_is_run_plainly():
    subject, requests = counting()
    subject.plainly = True
    subject.prefetch(CASES[:3])
    assert requests == []


def test_a_case_that_is_not_among_those_sent_ahead_waits_for_them():
    subject, requests = counting()
    subject.prefetch([NETWORK])
    subject.run(CASES[0])
    subject.run(NETWORK)
    assert requests == [1, 1]


def test_an_answer_is_looked_at_when_the_next_request_is_on_its_way():
    subject, requests = counting()
    receive = subject.transport.receive
    subject.transport.receive = lambda: requests.append("looked") or receive()
    subject.prefetch(CASES[:1])
    subject.prefetch(CASES[:2])
    assert requests == [1, 1, "looked"]
    subject.run(CASES[1])
    assert requests == [1, 1, "looked", "looked"]


def test_some_requests_are_packed_and_some_are_not():
    programs = []
    for i in range(0, len(CASES) - 1, 2):
        subject, requests = counting()
        subject.prefetch(CASES[i : i + 2])
        programs += requests
    assert set(programs) == {1, 2}


def test_a_trace_knows_the_packed_case_that_it_was_cut_out_of_as_long_as_it_is_remembered(monkeypatch):
    monkeypatch.setattr(module, "KEPT_TRACES", 2)
    pairs = [CASES[i : i + 2] for i in range(0, len(CASES) - 1, 2)]
    subject, requests = counting()
    for pair in pairs:
        subject.prefetch(pair)
        subject.run(pair[0])
        assert [len(case.first_x[0]) for case in subject.packed(pair)] == [2] * (requests[-1] == 1)
    assert len(subject.groups) <= 2


def test_packed_cases_are_run_again_by_newly_built_models():
    asked = []
    subject, _ = counting()
    subject.transport.send = lambda programs, send=subject.transport.send: asked.append(programs) or send(programs)
    pair = next(pair for pair in zip(CASES[::2], CASES[1::2], strict=False) if int(pair[0].digest[0], 16) % 8 < 7)
    subject.prefetch(pair)
    subject.renew(pair)
    assert subject.run(pair[1]).finish()
    assert [[program.get("fresh", False) for program in programs] for programs in asked] == [[False], [True]]


def test_the_oldest_traces_are_forgotten(monkeypatch):
    monkeypatch.setattr(module, "KEPT_TRACES", 3)
    subject, requests = counting()
    for case in CASES[:5]:
        subject.run(case)
    assert len(subject.traces) == 3
    subject.run(CASES[0])
    assert len(requests) == 6


def test_a_death_names_its_case_and_leaves_it_on_disk():
    subject, _ = counting(poison=7.0)
    case = layer_example([[0.0], [7.0]], layer=BatchNorm())
    with pytest.raises(SubjectDied, match="SIGSEGV") as raised:
        subject.run(case)
    assert raised.value.case is case
    assert Case.from_json(json.loads(Path(raised.value.path).read_text())).digest == case.digest


def test_a_death_is_remembered_and_not_tried_again():
    subject, requests = counting(poison=7.0)
    case = layer_example([[0.0], [7.0]], layer=BatchNorm())
    for _ in range(2):
        with pytest.raises(SubjectDied):
            subject.run(case)
    assert requests == [1]


def test_of_many_cases_only_the_deadly_one_is_lost():
    subject, _ = counting(poison=7.0)
    subject.prefetch(CASES)
    died = []
    for case in CASES:
        try:
            subject.run(case).finish()
        except SubjectDied:
            died.append(case.first_x.max())
    assert died == [7.0]


def test_a_death_at_the_sending_is_a_death():
    subject, _ = counting()

    def send(programs):
        raise WorkerDied("the worker died with exit code 1 (it said nothing)")

    subject.transport.send = send
    with pytest.raises(SubjectDied, match="exit code 1"):
        subject.run(CASES[0])


@pytest.mark.parametrize(
    "answer",
    [
        lambda answers: [],
        lambda answers: [None],
        lambda answers: ["text"],
        lambda answers: [{"steps": answers[0]["steps"][:1]}],
        lambda answers: [{"steps": answers[0]["steps"], "raised": "boom"}],
    ],
)
def test_a_malformed_answer_is_told_for_its_case(answer):
    subject, _ = counting(answer=answer)
    with pytest.raises(Malformed):
        subject.run(CASES[0])


def test_seconds_that_are_no_number_are_not_counted():
    subject, _ = counting(answer=lambda answers: [{**answer, "seconds": "soon"} for answer in answers])
    subject.run(CASES[0])
    assert subject.inside == 0


def test_answers_of_a_packed_request_that_cannot_be_cut_up_are_asked_for_alone():
    def answer(answers):
        steps = [{"y": np.float32(1)} if "y" in step else step for step in answers[0]["steps"]]
        return [{"steps": steps}] if broken else answers

    broken, found = True, []
    for i in range(0, len(CASES) - 1, 2):
        subject, requests = counting(answer=answer)
        broken = True
        subject.prefetch(CASES[i : i + 2])
        if requests == [1]:  # packed
            subject._collect()
            broken = False
            found.append(subject.run(CASES[i]).y(1).shape)
    assert found
    assert set(found) == {(2, 1)}


def test_an_exception_in_a_packed_request_is_looked_for_in_each_case():
    class Picky(Counting):
        def _run(self, program):
            if (program["steps"][1]["x"] == 7.0).any():
                error = {"type": "ValueError", "message": "seven", "step": 1, "unsupported": False}
                return {"steps": [{}], "raised": error}
            return super()._run(program)

    subject = Subject("picky", Picky())
    subject.prefetch(CASES)
    raised = []
    for case in CASES:
        try:
            subject.run(case).finish()
        except Raised:
            raised.append(case.first_x.max())
    assert raised == [7.0]


def test_time_in_the_subject_is_counted():
    subject, _ = counting(answer=lambda answers: [{**answer, "seconds": 0.25} for answer in answers])
    subject.run(CASES[0])
    subject.run(NETWORK)
    assert subject.inside == 0.5


def test_it_can_what_its_description_says():
    subject, _ = counting()
    subject.transport.description = {"capabilities": ["fit"]}
    assert subject.capabilities == {"fit"}
    subject.transport.description = {}
    assert subject.capabilities == frozenset()


def test_closing_it_closes_its_transport():
    subject, _ = counting()
    subject.close()
    assert subject.transport.closed


def test_steps_of_every_kind_reach_the_transport():
    subject, _ = counting()
    x = np.array([[0.0], [8.0]], np.float32)
    trace = subject.run(Case((Linear(),), (SetState([{}]), State(), Forward(x, False), Backward(x, x, True))))
    assert (trace.y(2) == x).all()
    assert (trace.dx(3) == x).all()
