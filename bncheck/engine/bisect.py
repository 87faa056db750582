"""Finds the two neighbouring releases between which something changed: what a law says of them, or a measured trait.

A release that cannot be asked is skipped, and the search goes on beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from bncheck.cases.trace import Malformed, Raised
from bncheck.engine import campaign
from bncheck.engine.examine import Budget, examine
from bncheck.engine.replay import only
from bncheck.errors import UsageError
from bncheck.subjects import index, matrix, releases, resolve
from bncheck.subjects.subject import SubjectDied
from bncheck.subjects.transport import WorkerDied
from bncheck.truth import probe
from bncheck.truth.questions import QUESTIONS

HOLDS, BROKEN = "holds", "broken"
CHANGING = {"pass": HOLDS, "fail": BROKEN}


class Skipped(Exception):
    """A release that cannot be asked; the message says why."""


@dataclass(frozen=True)
class Change:
    """The last release of the one answer and the first of the other; ``asked`` and ``skipped`` by release."""

    last: str
    first: str
    asked: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)


def search(names: Sequence[str], ask: Callable[[str], object], tell: Callable[[str, object], object]) -> Change:
    """Between the first and the last of these releases that can be asked, where the answer changed.

    ``ask`` gives a release's answer, or raises Skipped; ``tell`` is told of each.  Raises UsageError where the answer
    of both ends is one.
    """
    asked: dict[str, object] = {}
    skipped: dict[str, str] = {}

    def first_of(places: Iterable[int]) -> int | None:
        """The first of these places that has an answer."""
        for place in places:
            name = names[place]
            if name in skipped:
                continue
            try:
                asked[name] = ask(name)
                tell(name, asked[name])
                return place
            except Skipped as why:
                skipped[name] = str(why)
                tell(name, f"skipped: {why}")
        return None

    low = first_of(range(len(names)))
    high = first_of(range(len(names) - 1, low if low is not None else -1, -1))
    if low is None or high is None:
        raise UsageError(
            "no two releases can be asked: " + "; ".join(f"{k}: {v}" for k, v in list(skipped.items())[:3])
        )
    start, end = asked[names[low]], asked[names[high]]
    if start == end:
        raise UsageError(
            f"nothing changed between {names[low]} and {names[high]}: {start} on both; name other releases"
        )
    while True:
        middle = (low + high) // 2
        place = first_of(sorted(range(low + 1, high), key=lambda each: abs(each - middle)))
        if place is None:
            return Change(names[low], names[high], asked, skipped)
        if asked[names[place]] == start:
            low = place
        else:
            high = place


def names(package: str, good: str | None = None, bad: str | None = None) -> list[str]:
    """The final releases of PACKAGE or PACKAGE:MODE, oldest first; where versions are given, those between them."""
    plain, colon, mode = package.partition(":")
    index.check_package(plain)
    found = list(releases.finals(plain))
    if good and bad:
        low, high = sorted(_version(plain, each, found) for each in (good, bad))
        found = [each for each in found if low <= each <= high]
    return [f"{plain}=={each.public}{colon}{mode}" for each in dict.fromkeys(Version(v.public) for v in found)]


def _version(package, text, found):
    try:
        version = Version(text)
    except InvalidVersion:
        raise UsageError(f"{text!r:.60} is no version, such as {found[-1] if found else '1.0'}") from None
    if not any(each.public == version.public for each in found):
        index.cell_for(f"{package}=={version}")  # says which releases are near
    return version


class Asker:
    """Asks releases; each is built at first use, and its worker ended behind it."""

    def __init__(self, question, tell=lambda line: None):
        self.question, self.tell = question, tell

    def __call__(self, name):
        """The answer of a release.  Raises Skipped."""
        subject = None
        try:
            subject = campaign.open_subject(_spec(name), self.tell)
            return self.question(subject)
        except (UsageError, WorkerDied, SubjectDied) as error:
            raise Skipped(" ".join(str(error).split())) from None
        finally:
            if subject is not None:
                subject.close()


def _spec(name):
    """The spec of a release; a cell that pins it has its environment already."""
    plain, _, mode = name.partition(":")
    for cell in matrix.cells().values():
        pinned = cell.require[0].replace("-cpu==", "==").replace("[cpu]==", "==")
        if pinned == plain and cell.mode in (None, mode):
            return resolve.resolve([cell.name if cell.mode or not mode else f"{cell.name}:{mode}"])[0]
    return resolve.resolve([name])[0]


def of_law(law, cases, note=lambda identity, findings: None):
    """Asks whether a law holds on the cases; ``note`` is told who breaks it, and the findings."""
    given = only(law, cases)

    def question(subject):
        (result,) = examine(subject, [given], Budget(max_examples=1, shrink=False))
        if result.verdict not in CHANGING:
            raise Skipped(f"{result.verdict}: {result.reason}")
        if result.finding:
            note(campaign.identity(subject.description), [result.finding, *result.further])
        return CHANGING[result.verdict]

    return question


def of_axis(axis):
    """Asks for the measured value of an axis of the traits."""
    asked = [each for each in QUESTIONS if axis in each.axes]
    if not asked:
        raise UsageError(f"{axis} is measured by laws alone: bisect one of them")

    def question(subject):
        try:
            return probe.measure(subject, asked).plain()[axis]
        except (Raised, Malformed) as error:
            raise Skipped(str(error)) from None

    return question
