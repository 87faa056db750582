"""Judges laws on one given case instead of drawn ones: that of a case file, or those of a record's findings."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from bncheck.cases.case import Case
from bncheck.engine.confirm import fits
from bncheck.errors import UsageError
from bncheck.records import record


@dataclass(frozen=True)
class Given:
    """The cases that laws are judged on: for each law those for each cell; the cell None stands for every other."""

    cases: dict

    def laws(self, laws, cell):
        """The laws that have cases for a cell, each with those alone."""
        found = [(law, self.cases.get(law.name, {})) for law in laws]
        return [only(law, cases.get(cell, cases[None])) for law, cases in found if cases]


def read(path, laws):
    """The cases of a file for those of the laws that they are cases of.  Raises UsageError where there are none."""
    value = record.read_json(path)
    if isinstance(value, dict) and "network" in value:
        case = Case.from_json(value)
        cases = {law.name: {None: [case]} for law in laws}
    else:
        cases = _of_record(record.checked(value, path), {law.name for law in laws})
    fitting = {law.name: _that_fit(law, cases.get(law.name, {})) for law in laws}
    if not any(fitting.values()):
        names = ", ".join(law.name for law in laws)
        raise UsageError(f"{path} has no case of {names if len(laws) < 4 else f'the {len(laws)} laws selected'}")
    return Given({name: found for name, found in fitting.items() if found})


def _of_record(found, names):
    """The findings' cases by law and cell, and the first cell's for every cell without a finding of its own."""
    cases = {}
    for cell in found["cells"]:
        for result in cell["results"]:
            own = [Case.from_json(finding["case"]) for finding in record.findings(result)]
            if own and result["invariant"] in names:
                of_law = cases.setdefault(result["invariant"], {})
                of_law[cell["cell"]] = own
                of_law.setdefault(None, own)
    return cases


def _that_fit(law, cases):
    kept = {cell: [case for case in own if fits(law, case)] for cell, own in cases.items()}
    return kept if all(kept.values()) else {}


def only(law, cases):
    """The law with those cases for all its cases."""
    first, *others = cases

    def given(seed):
        return st.just(first)

    # Laws whose strategies have one name share what is drawn.
    given.__name__ = f"case_{first.digest}"
    return replace(law, examples=tuple(others), cases=given)
