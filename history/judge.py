"""What the examples showed on a subject, held to what the origins of the laws say."""

from dataclasses import replace

from bncheck.invariants import Origin
from bncheck.records import record
from bncheck.subjects import matrix
from bncheck.subjects.identity import parsed

SETTLED = ("pass", "fail", "inapplicable")


def subjects(laws):
    """The cells of the matrix; and cells in a mode that an origin names and no cell has, such as ``tf2.0:graph``."""
    cells = matrix.cells().values()
    wanted = [
        f"{cell.name}:{mode}"
        for framework, mode, versions in sorted(_modes(laws))
        if mode not in {cell.mode for cell in cells}
        for cell in cells
        if cell.framework == framework and Origin("", {framework: versions}).naming(pinned(cell))
    ]
    return [*matrix.cells(), *dict.fromkeys(wanted)]


def _modes(laws):
    """The framework, the mode and the versions of each bug that is of one mode alone."""
    affected = [named for law in laws for origin in law.origin.each for named in (origin.affected or {}).items()]
    return {(*name.split(":"), versions) for name, versions in affected if ":" in name}


def pinned(cell):
    """The release of a cell, as a subject says it: ``tensorflow==2.1.4``."""
    return f"{cell.framework}=={cell.require[0].partition('==')[2]}"


def by_example(laws):
    """A law for each example of each law, called as the law and the example's place: ``rows_permute#0``."""
    return [
        replace(law, name=f"{law.name}#{place}", examples=(case,))
        for law in laws
        for place, case in enumerate(law.examples)
    ]


def results(law, cell):
    """The results of a law's examples on a cell, in their order; none where the cell could not be examined."""
    found = {result["invariant"]: result for result in cell["results"]}
    names = [f"{law.name}#{place}" for place in range(len(law.examples))]
    return [found[name] for name in names if name in found]


def shows(origin, found):
    """The results of the examples that show a bug, of the results of a law's examples."""
    return [found[place] for place in origin.examples or range(len(found))]


def wrong(law, cell):
    """A line for the examples that fail unnamed, for each bug that was not seen, and for each example not settled."""
    found = results(law, cell)
    named = law.origin.naming(cell["subject"]) if found else []
    unsettled = [result for result in found if result["verdict"] not in SETTLED]
    yield from (f"{result['invariant']} is {result['verdict']}: {result['reason']}" for result in unsettled)
    unnamed = [
        place
        for place, result in enumerate(found)
        if result["verdict"] == "fail" and not any(result in shows(origin, found) for origin in named)
    ]
    if unnamed:
        places = ", ".join(map(str, unnamed))
        yield f"of the examples {places} should pass: {_what(found[unnamed[0]])}; its origin names {_said(law, cell)}"
    for origin in named:
        verdicts = {result["verdict"] for result in shows(origin, found)}
        if "fail" not in verdicts:
            yield f"no example fails ({', '.join(sorted(verdicts))}), and {origin.link} names {_said(law, cell)}"


def _what(result):
    return "; ".join(f"{finding['what']} ({finding['mechanism']})" for finding in record.findings(result))


def _said(law, cell):
    """What a law's origins say of a cell's framework."""
    framework = parsed(cell["subject"]).framework
    affected = [named for origin in law.origin.each for named in (origin.affected or {}).items()]
    named = [f"{name} {versions}" for name, versions in affected if name.partition(":")[0] == framework]
    return ", ".join(named) or f"no {framework}"


def disagreements(laws, cells):
    """A line for each law of each cell where what was seen is not what the origin says, and for each cell in error."""
    for cell in cells:
        if "error" in cell:
            yield f"{cell['cell']}: {cell['error']}"
        yield from (f"{law.name} on {cell['cell']} ({cell['subject']}): {w}" for law in laws for w in wrong(law, cell))


def incomplete(cells):
    """Whether a cell could not be examined, or an example of one was not judged."""
    verdicts = {result["verdict"] for cell in cells for result in cell["results"]}
    return any("error" in cell for cell in cells) or not verdicts <= set(SETTLED)
