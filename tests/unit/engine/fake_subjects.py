"""Subjects that misbehave in one way, around our own layer."""

from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import WorkerDied
from bncheck.truth.reference_subject import ReferenceTransport
from bncheck.truth.traits import Traits


class Bent(ReferenceTransport):
    """The reference, whose answer to each program is what ``bend(program, answer)`` makes of it."""

    def __init__(self, bend, traits=Traits()):  # noqa: B008 (frozen)
        super().__init__(traits)
        self.bend, self.asked = bend, 0

    def _run(self, program):
        self.asked += 1
        return self.bend(program, super()._run(program))


def bent(bend, traits=Traits()):  # noqa: B008 (frozen)
    return Subject("bent", Bent(bend, traits))


def raising(message, unsupported=False, when=lambda program: True):
    """A subject that raises at the first step that trains."""

    def bend(program, answer):
        training = [i for i, step in enumerate(program["steps"]) if step.get("training")]
        if not training or not when(program):
            return answer
        raised = {"type": "ValueError", "message": message, "step": training[0], "unsupported": unsupported}
        return {"steps": answer["steps"][: training[0]], "raised": raised}

    return bent(bend)


class Dying(ReferenceTransport):
    """The reference, whose worker dies on the programs that ``deadly`` picks."""

    def __init__(self, deadly):
        super().__init__(Traits())
        self.deadly = deadly

    def receive(self):
        if any(map(self.deadly, self.waiting[0])):
            self.waiting.popleft()
            raise WorkerDied("the worker died with SIGKILL (out of memory)")
        return super().receive()


def dying(deadly):
    return Subject("dying", Dying(deadly))
