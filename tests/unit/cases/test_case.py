import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncheck.cases.case import (
    STEPS,
    Attempt,
    Backward,
    Batches,
    Case,
    Evaluate,
    Fit,
    Forward,
    ForwardFixed,
    Freeze,
    Predict,
    SaveLoad,
    SecondBackward,
    SetState,
    State,
    Track,
    Train,
)
from bncheck.cases.network import BatchNorm, Dense, Linear
from bncheck.cases.strategies import layer_cases, linear_training_cases, network_cases, seed_cases, training_cases
from bncheck.errors import UsageError

X = np.array([[0.1, np.nan], [-0.0, np.inf]], np.float32)
WHOLE = Case(
    (Dense(2), Linear(), BatchNorm(axis=1)),
    (
        SetState([{"kernel": X}, {}, {"gamma": X[0]}]),
        State(),
        Forward(X, False),
        Backward(X, X[::-1].copy(), True),
        Fit(X, X, optimizer={"name": "adam", "learning_rate": 0.01, "eps": 1e-7}, batch_size=1, epochs=2),
        Train(X, X, "binary_crossentropy", {"name": "sgd", "momentum": 0.9}, 1, 2, False, 0.5, True),
        Freeze(2, True),
        Track(2, False),
        SaveLoad(),
        Batches(),
        Attempt(Forward(X, True, mask=X[:, 0] > 0, layout="strided", compiled="graph")),
        SecondBackward(X, X, X, True),
        ForwardFixed(X, False, True),
        Predict(X, 2),
        Evaluate(X, X),
    ),
    seed=7,
    fresh=True,
    half="bfloat16",
)
SEED = Case((Dense(1),), (State(),), 3, ((2, 4), "float64"))


def there_and_back(case):
    return Case.from_json(json.loads(json.dumps(case.to_json(), allow_nan=False)))


@pytest.mark.parametrize("case", [WHOLE, SEED])
def test_a_case_goes_through_json_exact_to_the_bit(case):
    again = there_and_back(case)
    assert again.digest == case.digest
    assert (again.network, again.seed, again.input, again.fresh) == (case.network, case.seed, case.input, case.fresh)
    assert [type(step) for step in again.steps] == [type(step) for step in case.steps]


@pytest.mark.parametrize("cases", [layer_cases, network_cases, seed_cases, linear_training_cases, training_cases])
def test_a_drawn_case_goes_through_json_exact_to_the_bit(cases):
    @given(cases(0))
    def check(case):
        assert there_and_back(case).digest == case.digest

    check()


def test_every_kind_of_step_is_tried_here():
    assert {type(step).__name__ for step in WHOLE.steps} == set(STEPS)


@pytest.mark.parametrize(
    "other",
    [
        WHOLE.but(seed=8),
        WHOLE.but(fresh=False),
        WHOLE.but(network=WHOLE.network[:2]),
        WHOLE.but(steps=WHOLE.steps[:-1]),
        WHOLE.but(steps=(*WHOLE.steps[:2], Forward(X, True), *WHOLE.steps[3:])),
        WHOLE.but(steps=(*WHOLE.steps[:2], Forward(-X, False), *WHOLE.steps[3:])),
        WHOLE.but(steps=(*WHOLE.steps[:2], Forward(X.astype(np.float64), False), *WHOLE.steps[3:])),
    ],
)
def test_another_case_has_another_digest(other):
    assert other.digest != WHOLE.digest


def test_its_shape_and_dtype_are_those_of_the_first_input():
    assert (WHOLE.shape, WHOLE.dtype) == ((2, 2), "float32")
    assert (SEED.shape, SEED.dtype) == ((2, 4), "float64")


def test_steps_are_found_by_kind_and_values():
    assert WHOLE.where(Forward, Backward) == [2, 3]
    assert WHOLE.where(Forward, Backward, training=True) == [3]
    assert WHOLE.where(SetState, State) == [0, 1]
    assert WHOLE.where(Freeze, layer=1) == []


def test_its_layer_is_the_first_batch_norm():
    assert WHOLE.layer == BatchNorm(axis=1)


def paths(value, path=()):
    """Every place within plain values."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*path, key))


PLAIN = [WHOLE.to_json(), SEED.to_json()]
PLACES = [(i, path) for i, plain in enumerate(PLAIN) for path in paths(plain) if path]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=5) | st.just("nan"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def changed(plain, path, value, how):
    plain = copy.deepcopy(plain)
    place = plain
    for key in path[:-1]:
        place = place[key]
    if how == "remove":
        del place[path[-1]]
    elif how == "add" and isinstance(place, dict):
        place["another"] = value
    else:
        place[path[-1]] = value
    return plain


def is_refused_in_one_line_or_is_a_case(plain):
    refused = ""
    try:
        found = Case.from_json(plain)
        assert there_and_back(found).digest == found.digest
    except UsageError as error:
        refused = str(error)
    assert "\n" not in refused
    assert len(refused) < 500


@given(st.sampled_from(PLACES), JUNK, st.sampled_from(["replace", "remove", "add"]))
def test_a_case_with_a_fault_anywhere_is_refused_in_one_line(place, value, how):
    i, path = place
    is_refused_in_one_line_or_is_a_case(changed(PLAIN[i], path, value, how))


@given(JUNK)
def test_what_is_no_case_is_refused_in_one_line(value):
    is_refused_in_one_line_or_is_a_case(value)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [{"step": "Dance"}]},
        {"steps": [{"step": "Forward", "x": 3}]},
        {"steps": [{"step": "Forward"}]},
        {"steps": ["Forward"]},
        {"steps": [{"step": "SaveLoad", "format": "h5"}]},
        {"steps": [None]},
        {"steps": 3},
        {"network": [{"layer": "Conv"}]},
        {"network": None},
        {"input": [3]},
        {"input": 3},
        {"seed": {"a": object}.keys()},
    ],
    ids=repr,
)
def test_a_fault_is_told_in_one_line(change):
    with pytest.raises(UsageError) as raised:
        Case.from_json({**SEED.to_json(), **change})
    assert "\n" not in str(raised.value)
