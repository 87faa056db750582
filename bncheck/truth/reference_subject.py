"""Our own layer as a subject: the reference computed in plain NumPy in the case's own dtype, with any traits."""

import sys
from collections import deque

import numpy as np

import bncheck
from bncheck.cases.case import Case
from bncheck.subjects.subject import Subject
from bncheck.truth import reference
from bncheck.truth.edges import Refused
from bncheck.truth.layers import MATHS
from bncheck.truth.traits import Traits
from bncheck.worker.program import Unsupported

CAPABILITIES = [
    *("inference", "training", "gradients", "fit", "freeze", "save_load", "seed", "networks"),
    *("masks", "state_layouts"),
    *("half", "compiled", "fixed_training", "predict", "second_derivatives", "counter", "tracking"),
]


class ReferenceTransport:
    """Runs cases in this process, as :class:`bncheck.subjects.transport.InProcess` does for an adapter."""

    def __init__(self, traits, maths=MATHS):
        self.traits, self.maths, self.waiting = traits, maths, deque()
        self.description = {
            "framework": "reference",
            "version": bncheck.__version__,
            "capabilities": CAPABILITIES,
            "dtypes": ["float32", "float64"],
            "python": ".".join(map(str, sys.version_info[:3])),
            "packages": {"numpy": np.__version__},
        }

    def send(self, programs):
        """Take programs to run."""
        self.waiting.append(programs)

    def receive(self):
        """The traces of the programs that were sent first and not answered yet."""
        return [self._run(program) for program in self.waiting.popleft()]

    def _run(self, program):
        return self._answer(Case.from_plain(program))

    def _answer(self, case):
        try:
            return {"steps": reference.run_in_dtype(case, self.traits, self.maths)}
        except (Unsupported, NotImplementedError, Refused) as error:
            unsupported = not isinstance(error, Refused)
            raised = {"type": type(error).__name__, "message": str(error), "step": 0, "unsupported": unsupported}
            return {"steps": [], "raised": raised}

    def close(self):
        """Nothing to end."""

    kill = close


def reference_subject(traits: Traits = Traits(), name="reference"):  # noqa: B008 (frozen)
    """The reference as a subject; with illegal traits, a mutant."""
    return Subject(name, ReferenceTransport(traits))


class Direct(ReferenceTransport):
    """As its parent, for cases that are sent as they are."""

    def _run(self, case):
        return self._answer(case)


class DirectSubject(Subject):
    """A subject over :class:`Direct`: where many subjects are asked the same cases, a wire is most of the cost."""

    @staticmethod
    def _sent(case):
        return case


def direct_subject(traits: Traits = Traits(), name="reference", maths=MATHS):  # noqa: B008 (frozen)
    """As :func:`reference_subject`, without a wire; ``maths`` may compute layers in another way."""
    return DirectSubject(name, Direct(traits, maths))
