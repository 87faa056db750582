"""Cells side by side, then every pair of them; the workers live through the whole run.

The frameworks compute in processes of their own, so threads are enough here, and the main thread is free for Ctrl-C:
the first stops the search and keeps what was done, the second ends the workers at once.
"""

import contextlib
import signal
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import combinations

from bncheck.cases.case import Case, State
from bncheck.cases.network import BatchNorm
from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.examine import Budget, Result, examine, unjudged
from bncheck.engine.measure import measure_all
from bncheck.engine.numbers import numbers
from bncheck.engine.pair import Pair
from bncheck.engine.pinned import mended
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.subjects import resolve
from bncheck.subjects.subject import Subject, SubjectDied
from bncheck.subjects.transport import REQUEST_SECONDS, Worker, WorkerDied
from bncheck.truth.reference_subject import reference_subject

JUST_BUILT = Case((BatchNorm(),), (State(),), 0, ((2, 2), "float32"))
INTERRUPTED = "interrupted"
TWO_NEEDED = "laws between subjects need two subjects, and there was one: name another to judge {}"


class Silent:
    """Is told how a run goes, and says nothing; what shows a run has these methods."""

    def building(self, name, line):
        """An environment is being built."""

    def running(self, name, done, total):
        """So many of so many law-cases are done."""

    def finished(self, name, entry):
        """The cell's entry of the record is there."""

    def stopping(self):
        """The user asked to stop."""


def run(specs, laws, budget, *, workers=1, progress=None, stop=lambda: False, opened=None, chosen=None, ledger=()):
    """The record of holding each subject, and each pair of subjects, to the laws.

    ``opened(spec, tell)`` gives a spec's subject, started.  ``chosen(laws, name)`` may give other laws for a cell.
    The pinned cases of the ledger's entries are judged where they hold.
    Ctrl-C does not raise: the record of what was done comes back, with ``interrupted`` true.
    """
    started = now()
    campaign = Campaign(laws, budget, progress or Silent(), stop, opened or open_subject, chosen, ledger)
    pairs = list(combinations(specs, 2)) if campaign.between else []
    campaign.kept = bool(pairs)
    with on_interrupt(campaign.interrupt), contextlib.closing(campaign):
        entries = side_by_side(specs if campaign.alone or pairs else [], campaign.cell, workers)
        # A subject answers one question at a time, so pairs, which share subjects, take turns.
        entries += side_by_side(pairs, campaign.pair, 1)
    return recorded(entries, budget, started, campaign.stopped.is_set(), notes(campaign.between, pairs))


def measured(specs, *, progress=None, stop=lambda: False, opened=None):
    """The record of the traits of each subject: all that can be told, and no law's verdict."""

    def opened_and_measured(spec, tell):
        subject = (opened or open_subject)(spec, tell)
        try:
            measure_all(subject)
        except BaseException:
            subject.close()
            raise
        return subject

    started, budget = now(), Budget(max_examples=0)
    campaign = Campaign([], budget, progress or Silent(), stop, opened_and_measured, None)
    with on_interrupt(campaign.interrupt), contextlib.closing(campaign):
        entries = side_by_side(specs, campaign.cell, 1)
    return recorded(entries, budget, started, campaign.stopped.is_set())


def recorded(entries, budget, started, interrupted, notes=()):
    """The record of entries that were searched with a budget."""
    asked = {"seed": budget.seed, "max_examples": budget.max_examples}
    return record.new(entries, **asked, started=started, interrupted=interrupted, notes=notes)


def notes(between, pairs):
    """A line on laws between subjects where there is no pair of them."""
    names = ", ".join(law.name for law in between)
    return [TWO_NEEDED.format(names)] if names and not pairs else []


def now():
    """The time in UTC, as a record has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def side_by_side(tasks, work, workers):
    """What ``work`` returns for each task, in the order of the tasks; so many at a time."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, tasks))


@contextlib.contextmanager
def on_interrupt(do):
    """Within, Ctrl-C does this instead of raising KeyboardInterrupt, where the main thread is ours to steer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: do())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def open_subject(spec, tell, seconds=REQUEST_SECONDS):
    """The subject of a spec, started; a request may take so many seconds.

    Raises UsageError where it cannot be built or does not start.
    """
    if spec.adapter == resolve.REFERENCE:
        return reference_subject(name=spec.name)
    python = resolve.python_of(spec, tell)
    subject = Subject(spec.name, Worker(python, spec.adapter, mode=spec.mode, layer=spec.layer, seconds=seconds))
    try:
        subject.description  # noqa: B018 (the worker starts here)
        if spec.layer:
            check_layer(subject, spec.layer)
    except BaseException:
        subject.close()
        raise
    return subject


def check_layer(subject, layer):
    """Raise UsageError where the user's layer cannot be made with the arguments of the framework's own."""
    try:
        subject.run(JUST_BUILT).finish()
    except (Raised, Malformed, SubjectDied) as error:
        said = str(error).removeprefix("step 0 raised ")
        raise UsageError(
            f"--layer {layer} is no layer: made with the arguments of the framework's own class it raises {said}"
        ) from None


def refuse_silence(laws, results, layer):
    """Raise UsageError where the user's layer takes part in nothing that was judged."""
    reason = unjudged(laws, results)
    if reason:
        raise UsageError(
            f"--layer {layer}: no law could be judged ({reason}); cases set the weights and moving statistics, "
            "so the layer has to have them by the names of the framework's own class"
        )


class Campaign:
    """The subjects that are open, and the laws they are held to."""

    def __init__(self, laws, budget, progress, stop, opened, chosen, ledger=()):
        self.alone = [law for law in laws if not law.differential]
        self.between = [law for law in laws if law.differential]
        self.budget, self.progress, self.opened, self.ledger = budget, progress, opened, ledger
        self.whole = chosen is None  # not the cases of a file alone
        self.chosen = chosen or (lambda laws, name: laws)
        self.stopped, self.asked = threading.Event(), stop
        self.subjects, self.kept, self.killed = {}, False, False

    def stop(self):
        """Whether the user wants to stop."""
        return self.stopped.is_set() or self.asked()

    def interrupt(self):
        """Stop the search at its next case; the second time, at once."""
        if self.stopped.is_set():
            self.killed = True
            for subject in list(self.subjects.values()):
                subject.transport.kill()
            return
        self.stopped.set()
        self.progress.stopping()

    def cell(self, spec):
        """The entry of one subject; what keeps it from being examined is told in its ``error``."""
        laws = self.chosen(self.alone, spec.name)
        about = {"interpreter": spec.python, "layer": spec.layer}
        entry = self.entry(spec.name, laws, lambda: self.open(spec), **about)
        if not self.kept:
            self.close_one(self.subjects.get(spec.name))
        self.progress.finished(spec.name, entry)
        return entry

    def open(self, spec):
        """Start a spec's subject, and keep it for the pairs."""
        subject = self.opened(spec, lambda line: self.progress.building(spec.name, line))
        self.subjects[spec.name] = subject
        return subject

    def pair(self, specs):
        """The entry of two subjects, where both could be opened."""
        first, second = specs
        name = f"{first.name} ~ {second.name}"
        about = {
            "names": [first.name, second.name],
            "interpreter": first.python or second.python,
            "layer": first.layer or second.layer,
        }
        entry = self.entry(name, self.chosen(self.between, name), lambda: self.both(specs), **about)
        self.progress.finished(name, entry)
        return entry

    def both(self, specs):
        """The pair of two open subjects.  Raises UsageError where one of them could not be opened."""
        missing = [spec.name for spec in specs if spec.name not in self.subjects]
        if missing:
            raise UsageError(f"{' and '.join(missing)} could not be examined")
        return Pair(*(self.subjects[spec.name] for spec in specs))

    def entry(self, name, laws, opened, **about):
        """Open a subject and hold it to laws, and say what came of it, whatever comes."""
        found = {"cell": name, "subject": name, "python": "", "packages": {}, "traits": {}, "results": []}
        found |= {key: value for key, value in about.items() if value}
        start = time.monotonic()
        try:
            if self.stop():
                raise UsageError(INTERRUPTED)
            subject = opened()
            results = examine(subject, laws, self.budget, progress=self.teller(name), stop=self.stop)
            if laws and found.get("layer") and "names" not in found:
                refuse_silence(laws, results, found["layer"])
            found |= described(subject)
            if laws and self.whole and "names" not in found and not self.stop():
                found["numbers"] = numbers(subject)
            fixed = [] if self.stop() else mended(subject, found, laws, self.ledger)
            found |= {"mended": fixed} if fixed else {}
        except (UsageError, WorkerDied) as error:
            results = self.unexamined(laws, found, " ".join(str(error).split()))
        except Exception as error:
            results = self.unexamined(laws, found, fault(error))
        found["results"] = [record.plain_result(self.honest(result)) for result in results]
        found["seconds"] = round(time.monotonic() - start, 3)
        return found

    def teller(self, name):
        """How examine tells of its progress."""
        return lambda done, total: self.progress.running(name, done, total)

    def unexamined(self, laws, found, reason):
        """No results where something is wrong; where the user stopped, the laws are open."""
        if not self.stop():
            found["error"] = reason
            return []
        return [Result(law.name, "inconclusive", 0, 0.0, 0.0, reason=INTERRUPTED) for law in laws]

    def honest(self, result):
        """A worker that was ended because the user stopped is no error."""
        if result.verdict == "error" and self.killed:
            return Result(result.invariant, "inconclusive", result.cases, 0.0, result.seconds, reason=INTERRUPTED)
        return result

    def close(self):
        """End every worker."""
        for subject in self.subjects.values():
            self.close_one(subject)

    def close_one(self, subject):
        """End a subject's worker, where there is one."""
        with contextlib.suppress(OSError):
            if subject is not None:
                subject.close()


def described(subject):
    """What the record says of a subject, or of a pair."""
    if isinstance(subject, Pair):
        one, other = (described(each) for each in (subject.first, subject.second))
        return {key: f"{one[key]} ~ {other[key]}" for key in ("subject", "python")}
    told, conventions = subject.description, subject.conventions
    packages = told.get("packages")
    return {
        "subject": identity(told),
        "python": str(told.get("python", "")),
        "packages": {str(k): str(v) for k, v in packages.items()} if isinstance(packages, dict) else {},
        "traits": conventions.plain() if conventions else {},
        "offers": sorted({*subject.capabilities, *map(str, told.get("dtypes", ()))}),
        "inside": round(subject.inside, 3),
    }


def identity(description):
    """A subject as a requirement: ``keras==3.15.1:jax``."""
    mode = description.get("mode")
    return f"{description.get('framework')}=={description.get('version')}" + (f":{mode}" if mode else "")


def fault(error):
    """An error that nobody foresaw, in one line that says where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"a fault of bncheck itself: {said} ({last.filename}, line {last.lineno})"
