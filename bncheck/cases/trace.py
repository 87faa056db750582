"""A trace: what a subject returned for a case, step by step, or what it raised."""

from numbers import Real

import numpy as np


class Raised(Exception):
    """The subject raised an exception inside a case; ``unsupported`` where its framework does not offer the step."""

    def __init__(self, kind, message, step, unsupported):
        super().__init__(
            f"step {step} raised {kind}: {message.strip().splitlines()[0][:300] if message.strip() else ''}"
        )
        self.kind, self.step, self.unsupported = kind, step, unsupported


class Malformed(Exception):
    """The subject answered something that is no trace of the case."""


class Trace:
    """The answers to a case's steps.  Asking for one that is not there raises :class:`Raised`."""

    def __init__(self, steps, raised=None):
        self.steps, self.raised = steps, raised

    @classmethod
    def from_plain(cls, plain, count):
        """The trace in a worker's answer to ``count`` steps.  Raises Malformed for anything else."""
        if not isinstance(plain, dict) or not isinstance(plain.get("steps"), list):
            raise Malformed(f"a trace is an object with steps, not {plain!r:.80}")
        steps, raised = plain["steps"], plain.get("raised")
        if not all(isinstance(step, dict) for step in steps):
            raise Malformed("a step's answer is an object")
        if raised is None:
            if len(steps) != count:
                raise Malformed(f"{count} steps were asked and {len(steps)} answered")
            return cls(steps)
        told = raised if isinstance(raised, dict) else {}
        kind, message, step = (told.get(name) for name in ("type", "message", "step"))
        if not isinstance(kind, str) or not isinstance(message, str) or not isinstance(step, int):
            raise Malformed("what was raised has a type, a message and a step")
        return cls(steps, (kind, message, step, bool(told.get("unsupported"))))

    def __getitem__(self, index):
        if index < len(self.steps):
            return self.steps[index]
        if self.raised:
            raise Raised(*self.raised)
        raise Malformed(f"no answer to step {index}")

    def array(self, index, name):
        """The array ``name`` of a step: ``y`` or ``dx``."""
        return _array(self[index].get(name), f"{name} of step {index}")

    def y(self, index):
        """The output of a step."""
        return self.array(index, "y")

    def dx(self, index):
        """The gradient for the input of a Backward step."""
        return self.array(index, "dx")

    def params(self, index):
        """The gradients for the parameters of a Backward step: for each layer a dict of arrays."""
        return _layers(self[index].get("params"), f"params of step {index}")

    def loss(self, index):
        """The loss that an Evaluate step returned, as an array without axes."""
        found = self[index].get("loss")
        if not isinstance(found, Real) or isinstance(found, bool):
            raise Malformed(f"the loss of step {index} is no number: {found!r:.80}")
        return np.asarray(found, np.float64)

    def history(self, index):
        """The numbers of each epoch of a Train step: lists by name, ``loss`` among them."""
        found = self[index].get("history")
        if not isinstance(found, dict) or not all(isinstance(values, list) for values in found.values()):
            raise Malformed(f"the history of step {index} is no object of lists")
        return found

    def state(self, index):
        """The state that a State step reported: for each layer a dict of arrays."""
        return _layers(self[index].get("state"), f"state of step {index}")

    def finish(self):
        """Raise what the subject raised, if it did."""
        if self.raised:
            raise Raised(*self.raised)
        return self


def _array(value, what):
    if not isinstance(value, np.ndarray):
        raise Malformed(f"the {what} is no array: {value!r:.80}")
    return value


def _layers(value, what):
    if not isinstance(value, list) or not all(isinstance(layer, dict) for layer in value):
        raise Malformed(f"the {what} is no list of objects")
    for layer in value:
        for name, array in layer.items():
            _array(array, f"{name} of the {what}")
    return value
