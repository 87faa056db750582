"""What a finding claims, in numbers of programs: found by asking its law about answers that were changed.

The law is given the reference's answers, which it passes, but for one array whose numbers say where they come from;
what it then holds against them, of the finding's own words, names the two numbers that it compared.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from bncheck.cases.case import Attempt, Batches, Case
from bncheck.cases.trace import Raised
from bncheck.errors import UsageError
from bncheck.reports.answers import REFUSAL, Answers
from bncheck.reports.places import Place, Through, through
from bncheck.truth.compare import form, shape

RAISES = "the subject raises: "
# Names are floats that no right number is, of so few digits that float32 has them all.
NAMED, NAME = 2.0**100, 2**22
MOST_TRIED = 600


class Unsayable(UsageError):
    """A finding that is no claim about the numbers of one framework's programs."""


@dataclass(frozen=True)
class Claim:
    """That a number should be near another, a Place or a number; or, without a place, how a program should end.

    What is no number, such as a shape, should be the same.  ``moved`` is how far the number that is expected is from
    that at its place.  ``refusal`` is what a refused Attempt means: ``right``, ``wrong``, or nothing; it is ``needed``
    where the claim is about what comes after it.  ``programs`` may not raise.
    """

    observed: Place | Through | None = None
    expected: Place | Through | float | list | str | None = None
    allowed: float = 0.0
    refusal: str = ""
    programs: tuple = ()
    moved: float = 0.0


def claim(law, finding):
    """What a record's finding of a law claims.  Raises Unsayable, in one line."""
    if law.differential:
        raise Unsayable(f"{law.name} is about two subjects, and a script has one")
    case = Case.from_json(finding["case"])
    try:
        if finding["what"].startswith(RAISES):
            return Claim(programs=tuple(_programs(law, case)))
        ways = (_refused, _forms, _counts) if finding["where"] is None else (_computed, _numbers)
        found = next(filter(None, (way(law, case, finding) for way in ways)), None)
    except Raised as refused:
        raise Unsayable(f"{law.name}: the reference refuses its case: {refused}") from None
    if found is None:
        raise Unsayable(f"{law.name} compares here what is no number of a program: replay the case instead")
    return found


def _programs(law, case):
    answers = Answers()
    if answers.violation(law, case) or not answers.asked:
        raise Unsayable(f"{law.name} cannot be asked about this case")
    return answers.asked.values()


def _refused(law, case, finding):
    """The claim that an Attempt is refused, or that it is not."""
    for change, meaning in (({"y": np.zeros(1)}, "right"), (REFUSAL, "wrong")):
        answers = Answers()
        attempts = [(case.digest, i, ()) for i in case.where(Attempt)]
        found = answers.violation(law, case, [(place, change) for place in attempts])
        if found and found.what.partition(":")[0] == finding["what"].partition(":")[0]:
            return Claim(refusal=meaning, programs=(case,))
    return None


def _forms(law, case, finding):
    """The claim that an array has the shape, or the type and the shape, of another."""
    for refused in _whether_refused(case):
        answers = Answers(refused)
        for key, array in answers.arrays() if answers.violation(law, case) is None else ():
            found = answers.violation(law, case, [(key, array[None])])
            if found and found.what == finding["what"]:
                digest, step, way = key
                told = next(each for each in (shape, form) if each(array[None]) == found.actual)
                place = Place(answers.asked[digest], step, way)
                return Claim(Through(told, {"array": place}), found.expected)
    return None


def _counts(law, case, finding):
    """The claim that a layer has counted another number of batches."""
    answers = Answers()
    if answers.violation(law, case) is None:
        for step in case.where(Batches):
            found = answers.violation(law, case, [((case.digest, step, ("batches",)), [NAME])])
            if found and (found.what, found.actual) == (finding["what"], NAME):
                return Claim(Place(case, step, ("batches", 0)), float(found.expected))
    return None


def _computed(law, case, finding):
    """The claim that a number is near another, of which the law computes one or both."""
    found = next((own for text, own in law.computed.items() if finding["what"] == f"the {text} differs"), None)
    answers = Answers()
    if found is None or answers.violation(law, case):
        return None
    index = tuple(map(int, finding["where"]))
    observed, expected = (
        function and through(function, found.names, index, law, case, answers)
        for function in (found.actual, found.expected)
    )
    plain = None if observed else _numbers(law, case, finding)
    if not (observed or plain):
        return None
    expected = expected or _number(finding["expected"])
    return Claim(observed or plain.observed, expected, _number(finding["allowed"]))


def _whether_refused(case):
    return (False, True)[: 1 + bool(case.where(Attempt))]


def _numbers(law, case, finding):
    """The claim that one number should be near another."""
    for refused in _whether_refused(case):
        search = _Search(law, case, finding, Answers(refused))
        found = search.observed()
        if found:
            observed, _ = min(found, key=lambda each: search.distance(each[1]))
            place, moved = search.expected(observed)
            meaning = "" if not case.where(Attempt) else "needed" if refused else "" if search.either_way() else "right"
            expected, allowed = place or _number(finding["expected"]), _number(finding["allowed"])
            return Claim(search.place(observed), expected, allowed, meaning, moved=moved)
    return None


class _Search:
    """Looks for the two numbers that a finding compares."""

    def __init__(self, law, case, finding, answers):
        self.law, self.case, self.finding, self.answers = law, case, finding, answers
        self.where = tuple(finding["where"])
        self.usable = answers.violation(law, case) is None
        self.arrays = dict(answers.arrays()) if self.usable else {}

    def observed(self):
        """The places that the law takes for the actual number, each with its names and the number expected of it."""
        whole, single = (filter(None, map(self._as_actual, names)) for names in (self._whole(), self._single()))
        found = [each for each in whole if not self._adds_up(each)]
        return found or list(islice((each for each in single if not self._adds_up(each)), 1))

    def expected(self, observed):
        """The place of the expected number, or None where it is the reference's own, and how far from there it is."""
        alone = self._compared(dict([observed]))[1]
        if _is_name(alone, observed[1]):  # two numbers of one array
            return self.place(observed, alone), 0.0
        others = [each for each in self._whole(start=NAME) if each[0] != observed[0]]
        # Where the law compares with the same array several times, it is to be the same in each.
        for changes in (lambda key, names: {key: names}, lambda key, names: self._alike(key, names, observed[0])):
            for key, names in others:
                numbers = self._compared({**changes(key, names), **dict([observed])})
                if numbers and _is_name(numbers[0], observed[1]) and _is_name(numbers[1], names):
                    place = self.place((key, names), numbers[1])
                    moved = alone - float(self.arrays[key][place.index])
                    return place, moved if np.isfinite(moved) else 0.0
        return None, 0.0

    def _alike(self, key, names, observed):
        """The names in place of each array of this kind, but for the one observed."""
        alike = [each for each, array in self.arrays.items() if each[2] == key[2] and array.shape == names.shape]
        return {each: names for each in alike if each != observed}

    def either_way(self):
        """Whether the law compares the same numbers where the attempts were refused."""
        return _Search(self.law, self.case, self.finding, Answers(refused=True)).observed() != []

    def distance(self, number):
        """How far the number that is expected here is from the finding's."""
        gap = abs(number - _number(self.finding["expected"]))
        return gap if gap == gap else np.inf

    def place(self, observed, number=None):
        """The Place of an array's names that hold a number, by default the one that was compared."""
        (digest, step, way), names = observed
        number = self._compared(dict([observed]))[0] if number is None else number
        index = tuple(int(i) for i in np.argwhere(names == number)[0])
        return Place(self.answers.asked[digest], step, way, index)

    def _whole(self, start=0):
        for key, array in self.arrays.items():
            if array.dtype.kind == "f" and 0 < array.size < NAME:
                names = (NAMED * (NAME + start + np.arange(array.size))).reshape(array.shape)
                yield key, names.astype(array.dtype)

    def _single(self):
        """Arrays of which one number alone is a name, those at the finding's own index first."""
        tried = 0
        for key, names in self._whole():
            for index in sorted(np.ndindex(names.shape), key=lambda each: each != self.where):
                tried += 1
                if tried > MOST_TRIED:
                    return
                one = self.arrays[key].copy()
                one[index] = names[index]
                yield key, one

    def _as_actual(self, changed):
        key, names = changed
        numbers = self._compared({key: names})
        return (changed, numbers[1]) if numbers and _is_name(numbers[0], names) else None

    def _adds_up(self, observed):
        """Whether there are other numbers of the array in the one that is compared: a sum, or a mean."""
        (key, names), _ = observed
        number = self._compared({key: names})[0]
        more = self._compared({key: np.where(names == number, names, names + names.max() / 4)})
        return more is not None and more[0] != number

    def _compared(self, changes):
        """The two numbers that the law compares at the finding's place, in its words, of changed answers."""
        found = self.answers.violation(self.law, self.case, changes.items())
        if found is None or found.what != self.finding["what"]:
            return None
        if found.arrays and found.arrays["actual"].ndim == len(self.where):
            try:
                return tuple(float(found.arrays[name][self.where]) for name in ("actual", "expected"))
            except IndexError:
                return None
        if found.where == list(self.where) and isinstance(found.actual, float):
            return found.actual, float(found.expected)
        return None


def _is_name(number, names):
    return abs(number) >= NAMED and bool((names == number).any())


def _number(value):
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unsayable(f"a script compares numbers, not {value!r:.80}")
    return float(value)
