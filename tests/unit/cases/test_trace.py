import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncheck.cases.trace import Malformed, Raised, Trace

Y = np.ones((2, 1), np.float32)
RAISED = {"type": "ValueError", "message": "boom\nand more", "step": 1, "unsupported": False}


def test_an_answer_is_asked_step_by_step():
    trace = Trace.from_plain({"steps": [{}, {"y": Y, "dx": -Y, "params": [{"gamma": Y[0]}]}, {"state": [{}]}]}, 3)
    assert trace.y(1) is Y
    assert (trace.dx(1) == -Y).all()
    assert trace.params(1)[0]["gamma"] is not None
    assert trace.state(2) == [{}]
    assert trace.finish() is trace


def test_a_loss_is_a_number():
    assert Trace([{"loss": 0.5}]).loss(0) == 0.5
    for broken in ({}, {"loss": "0.5"}, {"loss": True}, {"loss": [0.5]}):
        with pytest.raises(Malformed):
            Trace([broken]).loss(0)


def test_a_history_is_lists_by_name():
    assert Trace([{"history": {"loss": [0.5]}}]).history(0) == {"loss": [0.5]}
    for broken in ({}, {"history": [0.5]}, {"history": {"loss": 0.5}}):
        with pytest.raises(Malformed):
            Trace([broken]).history(0)


def test_what_was_raised_is_raised_when_it_is_asked_for():
    trace = Trace.from_plain({"steps": [{"y": Y}], "raised": RAISED}, 3)
    assert trace.y(0) is Y
    with pytest.raises(Raised, match=r"^step 1 raised ValueError: boom$") as raised:
        trace.y(1)
    assert (raised.value.kind, raised.value.step, raised.value.unsupported) == ("ValueError", 1, False)
    with pytest.raises(Raised):
        trace.finish()


def test_an_exception_without_a_message_is_told_too():
    with pytest.raises(Raised, match=r"^step 0 raised KeyError: $"):
        Trace([], ("KeyError", " \n", 0, True)).y(0)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        {"steps": None},
        {"steps": {}},
        {"steps": [1, 2]},
        {"steps": [{}]},
        {"steps": [{}, {}, {}]},
        {"steps": [], "raised": {}},
        {"steps": [], "raised": "boom"},
        {"steps": [], "raised": [1]},
        {"steps": [], "raised": {**RAISED, "type": 3}},
        {"steps": [], "raised": {**RAISED, "message": None}},
        {"steps": [], "raised": {**RAISED, "step": "1"}},
    ],
    ids=repr,
)
def test_what_is_no_trace_is_malformed(plain):
    with pytest.raises(Malformed):
        Trace.from_plain(plain, 2)


@pytest.mark.parametrize("answer", [{}, {"y": None}, {"y": [1.0]}, {"y": 1.0}])
def test_an_answer_that_is_no_array_is_malformed(answer):
    with pytest.raises(Malformed, match="y of step 0"):
        Trace([answer]).y(0)


@pytest.mark.parametrize("answer", [{}, {"state": None}, {"state": [3]}, {"state": [{"gamma": 1.0}]}])
def test_a_state_that_is_no_list_of_arrays_is_malformed(answer):
    with pytest.raises(Malformed, match="state of step 0"):
        Trace([answer]).state(0)


def test_a_step_that_was_not_answered_is_malformed():
    with pytest.raises(Malformed, match="no answer to step 5"):
        Trace([{}]).y(5)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_junk_is_malformed_or_a_trace(plain):
    for answer in ({"steps": [{}], "raised": plain}, plain):
        with contextlib.suppress(Malformed):
            assert isinstance(Trace.from_plain(answer, 1), Trace)
