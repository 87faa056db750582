"""How far the defects that a bisection found reach: for each mechanism a case, and the range of versions."""

from dataclasses import dataclass
from itertools import takewhile

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bncheck.cases.case import Case
from bncheck.engine.bisect import BROKEN
from bncheck.subjects.identity import parsed

ENDS = {">=", ">", "<=", "<", "!="}


@dataclass(frozen=True)
class Extent:
    """A mechanism with a case that shows it; ``have`` says of each release that was asked whether it has it.

    ``near`` is the end of the range at which the law changed, ``far`` the other one, which is the last that was asked
    where ``reached`` is false.
    """

    subject: str
    mechanism: str
    case: Case
    have: dict
    near: str
    far: str
    reached: bool

    @property
    def versions(self):
        """The range as a ledger has it."""
        return ",".join(sorted((self.near, self.far), reverse=True))

    def agrees(self, versions):
        """Whether a range says of every release that was asked what was found."""
        return all(SpecifierSet(versions).contains(release) == found for release, found in self.have.items())

    def put_right(self, versions):
        """The range with what was found in its place; where nothing was asked it says what it said."""
        known = SpecifierSet(versions)
        covers_far = known.contains(Version(self.far.lstrip("<>=")))
        if self.reached or not covers_far or {each.operator for each in known} - ENDS:
            return self.versions
        kept = [str(each) for each in known if each.operator[0] in (self.far[0], "!")]
        return ",".join(sorted([self.near, *kept], reverse=True))


def extents(found, names, broken):
    """The extent of each mechanism that the broken one of the two neighbours shows.

    ``broken`` has the findings for the identity of each subject that breaks the law.
    """
    mended = found.asked[found.last] == BROKEN
    asked = [version_of(name) for name in names if name in found.asked]
    last, first = version_of(found.last), version_of(found.first)
    # From the change outwards, over the releases that break the law.
    side = asked[asked.index(last) :: -1] if mended else asked[asked.index(first) :]
    known = {version_of(identity): {part for part, _ in _parts(findings)} for identity, findings in broken.items()}
    identity = next(each for each in broken if version_of(each) == side[0])
    neighbours = names.index(found.first) == names.index(found.last) + 1
    near = f">={first}" if not mended else f"<{first}" if neighbours else f"<={last}"
    cases = dict(reversed(_parts(broken[identity])))  # of two cases of a mechanism, the first
    for part in reversed(cases):
        have = {version: part in known.get(version, ()) for version in asked}
        end = list(takewhile(have.get, side))[-1]
        far = f">={end}" if mended else f"<={end}"
        yield Extent(parsed(identity).kind, part, cases[part], have, near, far, end != side[-1])


def version_of(name):
    """The version of ``torch==2.13.0+cpu`` or ``keras==3.15.1:jax``, as the index has it."""
    return Version(Version(parsed(name).version).public)


def _parts(findings):
    """The mechanisms of findings, each with the case that shows it."""
    return [(part, finding.case) for finding in findings for part in finding.mechanism.split("; ")]
