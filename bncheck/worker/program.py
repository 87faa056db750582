"""Runs a case's program on an adapter, step by step; used in a worker and, in process, on a user's own layer."""

import json
import time
from collections import OrderedDict

import numpy as np

from .layouts import lay

KEPT_MODELS = 256


class Unsupported(Exception):
    """What an adapter raises for something that its framework does not offer: no fault, and nothing to judge."""


class Runner:
    """Runs programs on one adapter and keeps built models for programs that begin by setting the whole state.

    A program is a dict: ``network`` (a list of layers), ``seed``, ``steps``, and ``fresh`` (build anew, always).
    """

    def __init__(self, adapter):
        self.adapter = adapter
        self.models, self.most = OrderedDict(), getattr(adapter, "kept_models", KEPT_MODELS)

    def run(self, program):
        """The trace of a program: what each step returned, and what was raised, where it stopped early.

        Returns ``{"steps": [...], "raised": None | {"type", "message", "step", "unsupported"}, "seconds": float}``.
        """
        steps, raised = [], None
        start = time.perf_counter()
        try:
            self._run(program, steps)
        except MemoryError:
            raise
        except Exception as error:
            raised = {
                "type": type(error).__name__,
                "message": str(error)[:2000],
                "step": len(steps),
                "unsupported": isinstance(error, (Unsupported, NotImplementedError)),
            }
        return {"steps": steps, "raised": raised, "seconds": time.perf_counter() - start}

    def _run(self, program, steps):
        key = _key(program)
        model = self.models.pop(key, None) if key else None
        if model is None:
            x = _first_input(program)
            dtype = program.get("half") or x.dtype.name
            model = self.adapter.build(program["network"], x.shape, dtype, program["seed"])
        for step in program["steps"]:
            steps.append(_do(model, step))
        if key:
            self.models[key] = model
            if len(self.models) > self.most:
                self.models.popitem(last=False)


def _key(program):
    """What a model that may be used again was built for; None where the program leaves more than a state behind."""
    names = [step["step"] for step in program["steps"]]
    if program.get("fresh") or names[:1] != ["SetState"] or not REUSABLE.issuperset(names):
        return None
    if any(step["step"] == "SetState" and "layout" in step for step in program["steps"]):
        return None
    if not _is_whole(program["network"], program["steps"][0]["state"]):
        return None
    frozen = {step["layer"]: step["on"] for step in program["steps"] if step["step"] == "Freeze"}
    if any(frozen.values()):
        return None
    x = _first_input(program)
    return json.dumps([program["network"], x.shape[1:], program.get("half") or x.dtype.name], sort_keys=True)


def _is_whole(network, state):
    """Whether nothing of a model's past is left once the state is set: no generator, and no count of batches."""
    draws = any(layer["layer"] == "Dropout" and layer["rate"] for layer in network)
    counts = any(layer["layer"] == "BatchNorm" and layer["momentum"] is None for layer in network)
    names = [WEIGHTS.get(layer["layer"], {}) for layer in network]
    expected = [{name for name, flag in own.items() if layer.get(flag, True)} for own, layer in zip(names, network)]
    return not draws and not counts and expected == [set(values) for values in state]


def _first_input(program):
    if "input" in program:
        shape, dtype = program["input"]
        return np.zeros(shape, dtype)
    return next(step["x"] for step in program["steps"] if "x" in step)


def _set_state(model, step):
    layout = step.get("layout")
    state = [{name: lay(value, layout) for name, value in values.items()} for values in step["state"]]
    model.set_state(state, **_options(model, step, "layout"))
    return {}


def _state(model, step):
    return {"state": model.state()}


def _forward(model, step):
    x, options = lay(step["x"], step.get("layout")), _options(model, step, "mask", "compiled")
    return {"y": model.forward(x, step["training"], **options)}


def _backward(model, step):
    x, dy = (lay(step[name], step.get("layout")) for name in ("x", "dy"))
    return model.backward(x, dy, step["training"], **_options(model, step, "compiled"))


def _options(model, step, *names):
    """The fields of a step that a model may not know: it lists those that it does in ``options``."""
    given = {name: step[name] for name in names if name in step}
    missing = set(given).difference(getattr(model, "options", ()))
    if missing:
        raise Unsupported("this adapter has no %s" % ", ".join(sorted(missing)))
    return given


def _second_backward(model, step):
    return _offered(model, "second_backward")(step["x"], step["dy"], step["v"], step["training"])


def _forward_fixed(model, step):
    return {"y": _offered(model, "forward_fixed")(step["x"], step["fixed"], step["training"])}


def _predict(model, step):
    return {"y": _offered(model, "predict")(step["x"], step["batch_size"])}


def _evaluate(model, step):
    return {"loss": _offered(model, "evaluate")(step["x"], step["y"], step["loss"], step["batch_size"])}


def _batches(model, step):
    return {"batches": _offered(model, "batches")()}


def _offered(model, name):
    found = getattr(model, name, None)
    if found is None:
        raise Unsupported("this adapter has no %s" % name)
    return found


def _attempt(model, step):
    try:
        return _do(model, step["of"])
    except (MemoryError, Unsupported):
        raise
    except Exception as error:
        return {"raised": {"type": type(error).__name__, "message": str(error)[:2000]}}


def _do(model, step):
    return STEPS[step["step"]](model, step)


def _fit(model, step):
    names = ("x", "y", "loss", "optimizer", "batch_size", "epochs")
    return {"loss": model.fit(**{name: step[name] for name in names})}


def _train(model, step):
    return {"history": _offered(model, "train")(**{name: value for name, value in step.items() if name != "step"})}


def _freeze(model, step):
    model.freeze(step["layer"], step["on"])
    return {}


def _track(model, step):
    _offered(model, "track")(step["layer"], step["on"])
    return {}


def _save_load(model, step):
    model.save_load()
    return {}


STEPS = {
    "SetState": _set_state,
    "State": _state,
    "Batches": _batches,
    "Forward": _forward,
    "Backward": _backward,
    "SecondBackward": _second_backward,
    "ForwardFixed": _forward_fixed,
    "Predict": _predict,
    "Evaluate": _evaluate,
    "Attempt": _attempt,
    "Fit": _fit,
    "Train": _train,
    "Freeze": _freeze,
    "Track": _track,
    "SaveLoad": _save_load,
}
# What a layer has to have set, and the field of the layer that says whether it has it.
WEIGHTS = {
    "Dense": {"kernel": None, "bias": "bias"},
    "BatchNorm": {"gamma": "scale", "beta": "center", "moving_mean": None, "moving_variance": None},
}
REUSABLE = {"SetState", "State", "Forward", "Backward", "SecondBackward", "Freeze"}
