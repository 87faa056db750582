import numpy as np
import pytest

from bncheck.worker.program import KEPT_MODELS, Runner, Unsupported

NORM = {"layer": "BatchNorm", "momentum": 0.9, "eps": 1e-3, "scale": True, "center": True, "axis": -1}
DENSE = {"layer": "Dense", "units": 2, "bias": False}
X = np.ones((4, 3), "float32")
WEIGHTS = {name: np.ones(3, "float32") for name in ("gamma", "beta", "moving_mean", "moving_variance")}
SET = {"step": "SetState", "state": [WEIGHTS]}
FORWARD = {"step": "Forward", "x": X, "training": True}
STATE = {"step": "State"}
FREEZE = {"step": "Freeze", "layer": 0, "on": True}
UNFREEZE = {"step": "Freeze", "layer": 0, "on": False}
TRACK = {"step": "Track", "layer": 0, "on": False}
FIT = {
    "step": "Fit",
    "x": X,
    "y": X,
    "loss": "mse",
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
    "batch_size": 2,
    "epochs": 2,
}
TRAIN = {**FIT, "step": "Train", "shuffle": True, "validation": 0.5, "accuracy": True}


class FakeModel:
    """Answers every step with what it was asked."""

    def __init__(self, raises=None):
        self.raises = raises

    def set_state(self, state):
        self.last = state

    def state(self):
        return self.last

    def forward(self, x, training):
        if self.raises:
            raise self.raises
        return x + training

    def backward(self, x, dy, training):
        return {"y": x, "dx": dy, "params": [{}]}

    def fit(self, x, y, loss, optimizer, batch_size, epochs):
        return [0.5] * epochs

    def train(self, x, y, **settings):
        return {"loss": [0.5] * settings["epochs"], "accuracy": [float(settings["shuffle"])] * settings["epochs"]}

    def freeze(self, layer, on):
        self.frozen = (layer, on)

    def track(self, layer, on):
        self.tracks = (layer, on)

    def save_load(self):
        self.saved = True


class FakeAdapter:
    """Keeps what it was asked to build."""

    def __init__(self, raises=None):
        self.built, self.raises = [], raises

    def build(self, network, shape, dtype, seed):
        self.built.append((shape, dtype, seed))
        return FakeModel(self.raises)


def program(*steps, network=(NORM,), seed=0, **more):
    return {"network": list(network), "steps": list(steps), "seed": seed, **more}


def builds(*programs):
    adapter = FakeAdapter()
    runner = Runner(adapter)
    for each in programs:
        assert runner.run(each)["raised"] is None
    return len(adapter.built)


def test_a_trace_has_an_entry_for_each_step():
    backward = {"step": "Backward", "x": X, "dy": 2 * X, "training": False}
    steps = (SET, STATE, FORWARD, backward, FREEZE, FIT, {"step": "SaveLoad"})
    trace = Runner(FakeAdapter()).run(program(*steps))
    found = trace["steps"]
    assert trace["raised"] is None
    assert trace["seconds"] > 0
    assert [sorted(entry) for entry in found] == [[], ["state"], ["y"], ["dx", "params", "y"], [], ["loss"], []]
    assert found[2]["y"].tolist() == (X + 1).tolist()
    assert found[5]["loss"] == [0.5, 0.5]


def test_a_training_is_asked_for_with_all_its_settings():
    trace = Runner(FakeAdapter()).run(program(TRAIN))
    assert trace["steps"] == [{"history": {"loss": [0.5, 0.5], "accuracy": [1.0, 1.0]}}]


def test_a_model_is_built_for_the_first_input():
    adapter = FakeAdapter()
    Runner(adapter).run(program(SET, FORWARD, seed=7))
    assert adapter.built == [((4, 3), "float32", 7)]


def test_a_program_without_an_input_says_what_to_build_for():
    adapter = FakeAdapter()
    Runner(adapter).run(program(STATE, input=[[2, 5], "float64"]))
    assert adapter.built[0][:2] == ((2, 5), "float64")


def test_a_model_is_used_again_when_the_state_is_set_first():
    more_rows = {"step": "Forward", "x": np.ones((9, 3), "float32"), "training": False}
    assert builds(program(SET, FORWARD), program(SET, more_rows, seed=5)) == 1


ANOTHER = {
    "a layer's field": program(SET, FORWARD, network=[{**NORM, "eps": 1e-5}]),
    "the columns": program(SET, {**FORWARD, "x": np.ones((4, 5), "float32")}),
    "the rank": program(SET, {**FORWARD, "x": np.ones((4, 3, 3), "float32")}),
    "the dtype": program(SET, {**FORWARD, "x": np.ones((4, 3))}),
}


@pytest.mark.parametrize("another", ANOTHER.values(), ids=ANOTHER)
def test_a_model_is_not_used_for_another_network_or_input(another):
    assert builds(program(SET, FORWARD), another) == 2


PAST = {
    "no state is set first": program(FORWARD, SET),
    "a fresh one is asked for": program(SET, FORWARD, fresh=True),
    "it was trained": program(SET, FIT),
    "it was trained by the framework's own loop": program(SET, TRAIN),
    "it was saved and loaded": program(SET, {"step": "SaveLoad"}, FORWARD),
    "it stays frozen": program(SET, FREEZE, FORWARD),
    "it tracked nothing for a while": program(SET, TRACK, FORWARD),
    "part of the state is left": program({"step": "SetState", "state": [{"gamma": WEIGHTS["gamma"]}]}, FORWARD),
    "a layer's state is left": program({"step": "SetState", "state": [{}, WEIGHTS]}, FORWARD, network=[DENSE, NORM]),
    "dropout has drawn": program(
        {"step": "SetState", "state": [WEIGHTS, {}]}, FORWARD, network=[NORM, {"layer": "Dropout", "rate": 0.5}]
    ),
}


@pytest.mark.parametrize("past", PAST.values(), ids=PAST)
def test_a_model_is_not_used_again_when(past):
    assert builds(past, past) == 2


REUSED = {
    "it was frozen and unfrozen": program(SET, FREEZE, FORWARD, UNFREEZE),
    "gamma is not there to set": program(
        {"step": "SetState", "state": [{name: WEIGHTS[name] for name in ("beta", "moving_mean", "moving_variance")}]},
        FORWARD,
        network=[{**NORM, "scale": False}],
    ),
    "dropout draws nothing": program(
        {"step": "SetState", "state": [WEIGHTS, {}]}, FORWARD, network=[NORM, {"layer": "Dropout", "rate": 0.0}]
    ),
    "every layer is set": program(
        {"step": "SetState", "state": [{"kernel": np.ones((3, 2))}, {}]}, FORWARD, network=[DENSE, {"layer": "Linear"}]
    ),
}


@pytest.mark.parametrize("past", REUSED.values(), ids=REUSED)
def test_a_model_is_used_again_though(past):
    assert builds(past, past) == 1


def test_only_so_many_models_are_kept():
    programs = [program(SET, FORWARD, network=[{**NORM, "eps": 1.0 + i}]) for i in range(KEPT_MODELS + 1)]
    adapter = FakeAdapter()
    runner = Runner(adapter)
    for each in programs:
        runner.run(each)
    assert len(runner.models) == KEPT_MODELS
    runner.run(programs[-1])
    assert len(adapter.built) == KEPT_MODELS + 1
    runner.run(programs[0])
    assert len(adapter.built) == KEPT_MODELS + 2


def test_an_adapter_says_how_many_models_are_kept():
    adapter = FakeAdapter()
    adapter.kept_models = 2
    runner = Runner(adapter)
    for i in range(4):
        runner.run(program(SET, FORWARD, network=[{**NORM, "eps": 1.0 + i}]))
    assert len(runner.models) == 2


def test_what_a_step_raises_is_data():
    trace = Runner(FakeAdapter(ValueError("too few rows"))).run(program(SET, STATE, FORWARD, STATE))
    assert len(trace["steps"]) == 2
    assert trace["raised"] == {"type": "ValueError", "message": "too few rows", "step": 2, "unsupported": False}


@pytest.mark.parametrize("error", [Unsupported("no such kernel"), NotImplementedError("no such kernel")])
def test_what_a_framework_lacks_is_no_fault(error):
    raised = Runner(FakeAdapter(error)).run(program(FORWARD))["raised"]
    assert raised["unsupported"]
    assert raised["message"] == "no such kernel"


def test_a_long_message_is_cut():
    assert len(Runner(FakeAdapter(ValueError("x" * 10_000))).run(program(FORWARD))["raised"]["message"]) == 2000


def test_a_model_that_raised_is_not_used_again():
    adapter = FakeAdapter(ValueError("once"))
    runner = Runner(adapter)
    runner.run(program(SET, FORWARD))
    runner.run(program(SET, FORWARD))
    assert len(adapter.built) == 2


def test_running_out_of_memory_ends_the_worker():
    with pytest.raises(MemoryError):
        Runner(FakeAdapter(MemoryError())).run(program(FORWARD))


def test_an_interrupt_ends_the_worker():
    with pytest.raises(KeyboardInterrupt):
        Runner(FakeAdapter(KeyboardInterrupt())).run(program(FORWARD))
