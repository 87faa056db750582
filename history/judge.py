"""What the examples showed on a subject, held to what the origins of the laws say."""

from bncheck.invariants import Origin
from bncheck.records import record
from bncheck.subjects import matrix

KEPT = {"pass": "every example passes", "inapplicable": "it does not apply"}


def subjects(laws):
    """The cells of the matrix; and cells in a mode that an origin names and no cell has, such as ``tf2.0:graph``."""
    cells = matrix.cells().values()
    wanted = [
        f"{cell.name}:{mode}"
        for framework, mode, versions in sorted(_modes(laws))
        if mode not in {cell.mode for cell in cells}
        for cell in cells
        if cell.framework == framework and Origin("", {framework: versions}).names(pinned(cell))
    ]
    return [*matrix.cells(), *dict.fromkeys(wanted)]


def _modes(laws):
    """The framework, the mode and the versions of each bug that is of one mode alone."""
    affected = [named for law in laws for origin in law.origin.each for named in (origin.affected or {}).items()]
    return {(*name.split(":"), versions) for name, versions in affected if ":" in name}


def pinned(cell):
    """The release of a cell, as a subject says it: ``tensorflow==2.1.4``."""
    return f"{cell.framework}=={cell.require[0].partition('==')[2]}"


def disagreement(law, subject, result):
    """What was seen and what the origin says, in one line; empty where they agree."""
    verdict, named = result["verdict"], law.origin.names(subject)
    if verdict not in ("fail", *KEPT):
        return f"{verdict}: {result['reason']}"
    if (verdict == "fail") == named:
        return ""
    if named:
        return f"{KEPT[verdict]}, and {_said(law)}"
    what = "; ".join(f"{finding['what']} ({finding['mechanism']})" for finding in record.findings(result))
    return f"{what}, and {_said(law)}"


def _said(law):
    """What a law's origins say is affected."""
    named = [f"{name} {versions}" for each in law.origin.each for name, versions in (each.affected or {}).items()]
    return f"its origin names {', '.join(named) or 'nothing'}"


def disagreements(laws, cells):
    """A line for each law of each cell where what was seen is not what the origin says, and for each cell in error."""
    for cell in cells:
        if "error" in cell:
            yield f"{cell['cell']}: {cell['error']}"
        found = {result["invariant"]: result for result in cell["results"]}
        for law in laws:
            line = disagreement(law, cell["subject"], found[law.name]) if law.name in found else ""
            if line:
                yield f"{law.name} on {cell['cell']} ({cell['subject']}): {line}"


def incomplete(cells):
    """Whether a cell could not be examined, or a law of one not to the end."""
    verdicts = {result["verdict"] for cell in cells for result in cell["results"]}
    return any("error" in cell for cell in cells) or not verdicts <= {"fail", *KEPT}
