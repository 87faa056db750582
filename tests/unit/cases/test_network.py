import json

import pytest

from bncheck.cases.network import (
    KINDS,
    Activation,
    BatchNorm,
    Dense,
    Detached,
    Dropout,
    Linear,
    layer_from_plain,
)
from bncheck.errors import UsageError

LAYERS = [
    Dense(3),
    Dense(1, bias=False),
    Linear(),
    Activation("relu"),
    BatchNorm(),
    BatchNorm(0.5, 1e-5, False, True, 1),
    Dropout(0.25),
    Detached(Dense(2)),
    Detached(Detached(Linear())),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layer_goes_through_json_unchanged(layer):
    assert layer_from_plain(json.loads(json.dumps(layer.plain()))) == layer


def test_every_kind_of_layer_is_tried_here():
    assert {type(layer).__name__ for layer in LAYERS} == set(KINDS)


def test_a_layer_says_its_kind():
    assert BatchNorm().plain() == {
        "layer": "BatchNorm",
        "momentum": 0.9,
        "eps": 0.001,
        "scale": True,
        "center": True,
        "axis": -1,
    }
    assert Detached(Linear()).plain() == {"layer": "Detached", "of": {"layer": "Linear"}}


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "Dense",
        {},
        {"layer": "Conv"},
        {"layer": ["Dense"]},
        {"layer": {}},
        {"layer": "Dense"},
        {"layer": "Dense", "units": "3"},
        {"layer": "Dense", "units": 3.0},
        {"layer": "Dense", "units": True},
        {"layer": "Dense", "units": 3, "colour": 1},
        {"layer": "Linear", "units": 3},
        {"layer": "BatchNorm", "eps": "1e-3"},
        {"layer": "BatchNorm", "scale": 1},
        {"layer": "BatchNorm", "eps": None},
        {"layer": "Detached"},
        {"layer": "Detached", "of": None},
        {"layer": "Detached", "of": {"layer": "Conv"}},
    ],
    ids=repr,
)
def test_what_is_no_layer_is_refused_in_one_line(plain):
    with pytest.raises(UsageError) as raised:
        layer_from_plain(plain)
    assert "\n" not in str(raised.value)


def test_a_number_may_be_whole():
    assert layer_from_plain({"layer": "BatchNorm", "momentum": 1}).momentum == 1
