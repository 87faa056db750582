"""Cells, and pairs of them, as tasks of an executor: each is examined in the process that the executor gives it.

What goes there can be pickled, and what comes back is the entry of the record.  A pair's process opens both subjects.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations

import bncheck
from bncheck import invariants
from bncheck.engine import campaign
from bncheck.engine.examine import Budget
from bncheck.engine.gate import source
from bncheck.errors import UsageError
from bncheck.truth.probe import measure
from bncheck.truth.questions import NEEDED

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Task:
    """One spec or two, the names of the laws that they are held to, and what `campaign.run` is given.

    ``bncheck`` is the version and a digest of the files: another bncheck would hold them to other laws.
    """

    specs: tuple
    laws: tuple
    budget: Budget
    chosen: Callable | None
    ledger: tuple
    bncheck: tuple

    @property
    def name(self):
        """The cell that the entry is of."""
        return " ~ ".join(spec.name for spec in self.specs)


def never():
    """No stop is asked for."""
    return False


def cancel(futures):
    """Have none begin that has not."""
    for future in futures:
        future.cancel()


@dataclass(frozen=True)
class Place:
    """Where tasks are computed.

    ``stop`` goes with each task, which asks it whether to stop; ``halt(futures)`` has it say so, or, where it cannot,
    keeps tasks from beginning.
    """

    executor: Executor
    stop: Callable = never
    halt: Callable = cancel


def run(specs, laws, budget, place, *, progress=None, chosen=None, ledger=()):
    """As :func:`campaign.run` does, in another place.  What cannot be computed there is told in the entry's error."""
    started = campaign.now()
    alone, between = ([law for law in laws if law.differential is told] for told in (False, True))
    pairs = list(combinations(specs, 2)) if between else []
    asked = [((spec,), alone) for spec in specs if alone or pairs] + [(pair, between) for pair in pairs]
    about = (budget, chosen, tuple(ledger), this_bncheck())
    tasks = [Task(specs, tuple(law.name for law in own), *about) for specs, own in asked]
    tasks_there = Tasks(place, progress or campaign.Silent())
    with campaign.on_interrupt(tasks_there.interrupt):
        entries = tasks_there.entries(tasks)
    return campaign.recorded(entries, budget, started, tasks_there.interrupts > 0, campaign.notes(between, pairs))


def this_bncheck():
    """The version, and a digest of the files."""
    return bncheck.__version__, source()


def entry_of(task, stop=never):
    """The entry of a task's cell, or pair: this is what is computed elsewhere."""
    if task.bncheck != this_bncheck():
        theirs, ours = task.bncheck[0], bncheck.__version__
        return failed(task, f"where its task ran is another bncheck ({ours}; here {theirs}): install this one there")
    return _entry(task, stop, campaign.open_subject)


def failed(task, reason, stop=never):
    """The entry of a task that could not be computed; without a verdict, where the user stopped it."""

    def opened(spec, tell):
        raise UsageError(reason)

    return _entry(task, stop, opened)


def _entry(task, stop, opened):
    known = invariants.load_all()
    laws = [known[name] for name in task.laws]
    with closing(Alone(laws, task.budget, campaign.Silent(), stop, opened, task.chosen, task.ledger)) as one:
        return one.cell(*task.specs) if len(task.specs) == 1 else one.pair(task.specs)


class Alone(campaign.Campaign):
    """The campaign of one task."""

    def both(self, specs):
        """The pair of two subjects, opened and measured here."""
        for spec in specs:
            subject = self.open(spec)
            subject.conventions = measure(subject, NEEDED)
        return super().both(specs)


class Tasks:
    """Tasks that are computed elsewhere; the first Ctrl-C stops them, and the second no longer waits for them."""

    def __init__(self, place, progress):
        self.place, self.progress = place, progress
        self.interrupts = 0

    def interrupt(self):
        """Note that the user asked to stop; what follows from it is done where nothing else is under way."""
        self.interrupts += 1

    def entries(self, tasks):
        """The entry of each task, in their order; each is told when it is there."""
        of_future = {self.place.executor.submit(entry_of, task, self.place.stop): task for task in tasks}
        found, waiting, halted = {}, set(of_future), False
        while waiting:
            done, waiting = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
            for future in done:
                found[future] = self.done(future, of_future[future])
            if self.interrupts and not halted:
                halted = True
                self.progress.stopping()
                self.place.halt(waiting)
            if self.interrupts > 1:
                cancel(waiting)
                found |= {future: self.done(future, of_future[future]) for future in waiting}
                break
        return [found[future] for future in of_future]

    def done(self, future, task):
        """What came of a task, which may be that nothing did."""
        try:
            entry = future.result(timeout=0)
        except (CancelledError, TimeoutError):
            entry = failed(task, "its task was cancelled, or what computed it is lost", lambda: self.interrupts > 0)
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            entry = failed(task, f"its task could not be computed: {said}")
        self.progress.finished(task.name, entry)
        return entry
