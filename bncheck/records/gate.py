"""Compares two records, an older and a newer one: what moved, in four layers.

Laws are newly broken or newly kept, by mechanism; conventions have another value; numbers drift beyond their bounds;
and coverage, what was judged at all, shrinks.  What was not judged before and is now is no change.
"""

from dataclasses import dataclass

from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.records.drift import Drift, drifts, gone

LAYERS = ("laws", "conventions", "numbers", "coverage")
BROKEN, KEPT, MOVED, DRIFTED, SHRANK = "broken", "kept", "moved", "drifted", "shrank"
JUDGED = ("pass", "fail")
NOT_OFFERED, UNEXPLAINED = "not offered", "unexplained"
MOST_NAMED = 3


@dataclass(frozen=True)
class Change:
    """One thing that moved on a cell.

    ``name`` is what: a mechanism, a trait, a quantity, or what was covered; ``where`` are the laws that it was seen in,
    or the settings, none where it was all ``among`` them; ``accepted`` is None where the change counts.
    """

    layer: str
    kind: str
    name: str
    old: str = ""
    new: str = ""
    where: tuple = ()
    among: tuple = ()
    accepted: dict | None = None
    drift: Drift | None = None


@dataclass(frozen=True)
class Comparison:
    """What moved between two cells, and how much was compared: a number for each layer."""

    old: dict
    new: dict
    changes: tuple
    seen: dict

    @property
    def counting(self):
        """The changes that are not accepted."""
        return [change for change in self.changes if change.accepted is None]


def compare(old, new):
    """The comparisons of two records, cell by cell.

    A lone cell is compared with a lone cell, whatever their names.  Raises UsageError where they cannot be compared:
    where a cell was not examined, or they are of different laws.
    """
    pairs = _matched(old, new)
    for cells in zip(*pairs, strict=True):
        refuse_incomplete(cells)
    only = _only if old["seed"] == new["seed"] else _unknown
    return [_compare(one, other, only) for one, other in pairs]


def _matched(old, new):
    if len(old["cells"]) == len(new["cells"]) == 1:
        return [(old["cells"][0], new["cells"][0])]
    before, after = ({cell["cell"]: cell for cell in each["cells"]} for each in (old, new))
    alone = [*(name for name in before if name not in after), *(name for name in after if name not in before)]
    if alone or not before:
        raise UsageError(f"the records are of different cells: only one has {_some(alone) or 'any'}")
    return [(cell, after[name]) for name, cell in before.items()]


def refuse_incomplete(cells):
    """Raise UsageError where a cell was not examined, or a law on it could not be judged."""
    for cell in cells:
        if "error" in cell:
            raise UsageError(f"{cell['cell']} could not be examined: {cell['error']}")
        for result in cell["results"]:
            if result["verdict"] == "error" or (result["verdict"] == "inconclusive" and not result["cases"]):
                raise UsageError(f"{result['invariant']} was not judged on {cell['cell']}: {result['reason']}")


def _compare(old, new, only):
    before, after = ({result["invariant"]: result for result in cell["results"]} for cell in (old, new))
    if before.keys() != after.keys():
        other = sorted(before.keys() ^ after.keys())
        raise UsageError(f"the records are of different laws: only one has {_some(other)}")
    laws = list(_laws(before, after, only))
    named = {change.name for change in laws}
    conventions = [change for change in _conventions(old, new) if not named & _mechanisms(change)]
    seen = {"laws": len(_ran(after)), "conventions": len(new["traits"]), "coverage": len(new.get("offers", ()))}
    found = drifts(old, new)
    seen["numbers"] = len(found)
    changes = (*laws, *conventions, *_numbers(found), *_coverage(before, after, old, new))
    return Comparison(old, new, changes, seen)


def _some(names):
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _ran(results):
    return [name for name, result in results.items() if result["verdict"] in JUDGED]


def _laws(before, after, only):
    """A change for each mechanism that breaks laws newly, and for each that breaks them no more.

    ``only`` says which mechanisms break a law on one side alone.
    """
    gained, lost = {}, {}
    old, new = ({law: _by_mechanism(result) for law, result in results.items()} for results in (before, after))
    for law in _ran(after):
        for name in only(new, old, law):
            gained.setdefault(_cause(name, law), []).append((law, new[law][name].get("accepted")))
        for name in only(old, new, law):
            lost.setdefault(_cause(name, law), []).append((law, None))
    for kind, found in ((BROKEN, gained), (KEPT, lost)):
        for (name, _), seen in sorted(found.items()):
            # Where one cause breaks several laws, it is accepted in all of them or it counts.
            accepted = seen[0][1] if all(each for _, each in seen) else None
            yield Change("laws", kind, name, where=tuple(law for law, _ in seen), accepted=accepted)


def _only(here, there, law):
    """The mechanisms that break the law only here; those that the other side has nowhere go before.

    Which of a cell's causes are seen in a law that is broken on both sides is a matter of the drawn cases.
    """
    return _unknown(here, there, law) or (() if there[law] else sorted(here[law]))


def _unknown(here, there, law):
    """The mechanisms that break the law only here, and that the other side has nowhere: all that counts at two seeds.

    Which laws show a cause is a matter of the drawn cases, too; what has no name is known nowhere.
    """
    known = {name for names in there.values() for name in names if name != UNEXPLAINED}
    return sorted(here[law].keys() - there[law].keys() - known)


def _cause(name, law):
    """What is one change: a mechanism; what none explains has a cause of its own in each law."""
    return name, law if name == UNEXPLAINED else ""


def _by_mechanism(result):
    """The findings of a law by mechanism; one that takes two mechanisms stands under each."""
    found = record.findings(result) if result["verdict"] == "fail" else []
    parts = [(part, finding) for finding in found for part in finding["mechanism"].split("; ")]
    return dict(sorted(parts, key=lambda part: "accepted" not in part[1]))  # one that counts goes before


def _mechanisms(change):
    """A trait's values as the names that mechanisms have: a law that moved by one of them says it already."""
    return {f"{change.name}: {value}" for value in (change.old, change.new)}


def _conventions(old, new):
    """A change for each trait, and each pair of values that it has before and after, with the settings."""
    for axis in sorted(old["traits"].keys() & new["traits"].keys()):
        moved, settings = {}, _settings(old["traits"][axis], new["traits"][axis])
        for setting, one, other in settings:
            if one != other and NOT_OFFERED not in (one, other):
                moved.setdefault((one, other), []).append(setting)
        for (one, other), where in moved.items():
            yield Change("conventions", MOVED, axis, one, other, *_some_of(where, settings))


def _some_of(where, settings):
    """The settings where something moved, none where it is all of them, and all of them."""
    return () if len(where) == len(settings) else tuple(where), tuple(setting for setting, *_ in settings)


def _settings(one, other):
    """A trait's values before and after, by setting; a lone value is the value at every setting."""
    keys = dict.fromkeys(key for value in (one, other) if isinstance(value, dict) for key in value)
    return [(key, _at(one, key), _at(other, key)) for key in keys or [""]]


def _at(value, setting):
    return str(value.get(setting, NOT_OFFERED) if isinstance(value, dict) else value)


def _numbers(found):
    """A change for each quantity and dtype that drifted somewhere, with its largest drift."""
    arrays = {}
    for (quantity, setting), each in found.items():
        arrays.setdefault((quantity, setting.rpartition(", ")[2]), []).append((setting, each))
    for (quantity, dtype), each in arrays.items():
        moved = [(setting, drift) for setting, drift in each if drift]
        if moved:
            worst = max((drift for _, drift in moved), key=lambda drift: drift.ulps)
            where = _some_of([setting for setting, _ in moved], each)
            yield Change("numbers", DRIFTED, f"{quantity} in {dtype}", "", "", *where, drift=worst)


def _coverage(before, after, old, new):
    """A change for each law, capability or dtype, and each setting of a trait, that is not covered any more."""
    kept = set(_ran(after))
    for law in _ran(before):
        if law not in kept:
            yield Change("coverage", SHRANK, law, new=after[law]["reason"] or after[law]["verdict"])
    offers = set(new.get("offers", ()))
    for name in sorted(set(old.get("offers", ())) - offers):
        yield Change("coverage", SHRANK, name, new=NOT_OFFERED)
    for axis, value in sorted(old["traits"].items()):
        settings = _settings(value, new["traits"].get(axis, NOT_OFFERED))
        lost = [setting for setting, one, other in settings if other == NOT_OFFERED != one]
        if lost:
            yield Change("coverage", SHRANK, axis, "", NOT_OFFERED, *_some_of(lost, settings))
    for quantity, settings in _by_quantity(gone(old, new)).items():
        yield Change("coverage", SHRANK, f"the {quantity}", new="not answered", where=settings, among=settings)


def _by_quantity(keys):
    found = {}
    for quantity, setting in keys:
        found[quantity] = (*found.get(quantity, ()), setting)
    return found
