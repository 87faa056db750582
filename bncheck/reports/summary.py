"""A record in numbers, in one line, and in lines on what has no verdict."""

from itertools import groupby

from bncheck.records.ledger import described
from bncheck.records.record import is_accepted
from bncheck.reports.words import MARKS, count
from bncheck.subjects.identity import parsed

SHORT = {"fail": "broken", "inapplicable": "not applicable", "inconclusive": "not decided", "error": "in error"}
MANY_LAWS = 4


def tally(record):
    """How many results have each verdict."""
    verdicts = [result["verdict"] for cell in record["cells"] for result in cell["results"]]
    return {verdict: verdicts.count(verdict) for verdict in MARKS}


def unexamined(record):
    """The cells with an error of their own, and not that of one of a pair."""
    failed = [cell for cell in record["cells"] if cell.get("error")]
    names = {cell["cell"] for cell in failed}
    return [cell for cell in failed if not names.intersection(cell.get("names", ()))]


def line(record, seconds=None):
    """How many verdicts of each kind there are, and what they took."""
    counts, failed = tally(record), unexamined(record)
    total = sum(counts.values())
    known = accepted(record)
    counts["fail"] -= known
    parts = [f"{counts['pass']} hold", *(f"{counts[v]} {SHORT[v]}" for v in SHORT if counts[v])]
    parts += [f"{known} broken and accepted"] if known else []
    parts += [f"{count(len(failed), 'cell')} not examined"] if failed else []
    cases = count(sum(result["cases"] for cell in record["cells"] for result in cell["results"]), "case")
    time = f", {seconds:.1f} s" if seconds is not None else ""
    interrupted = "interrupted: " if record.get("interrupted") else ""
    text = f"{interrupted}{count(total, 'verdict')}: {', '.join(parts)} ({cases}{time})"
    scenarios = record.get("scenarios", ())
    return text if total or failed else count(len(scenarios), "scenario") if scenarios else "nothing ran"


def is_bad(record):
    """Whether a law is broken and not accepted, or something could not be examined, or the ledger is out of step."""
    counts = tally(record)
    mended = any(cell.get("mended") for cell in record["cells"])
    return bool(counts["fail"] - accepted(record) or counts["error"] or unexamined(record) or mended)


def accepted(record):
    """How many laws are broken by what is known and accepted alone."""
    return sum(is_accepted(result) for cell in record["cells"] for result in cell["results"])


def troubles(record):
    """Verdicts and lines: why cells and laws have neither pass nor fail; and the run's notes, without a verdict."""
    for cell in unexamined(record):
        yield "error", f"{cell['cell']}: {cell['error']}"
    for cell in record["cells"]:
        for entry in cell.get("mended", ()):
            version = parsed(cell["subject"]).version or cell["subject"]
            yield "fail", f"the ledger's entry is fixed in {version}: narrow the range of {described(entry)}"
    for verdict in ("error", "inconclusive", "inapplicable"):
        yield from _reasons(record, verdict)
    for note in record.get("notes", ()):
        yield None, note


def _reasons(record, verdict):
    """Lines of laws and cells that have the verdict for one reason; cells with the same laws share a line."""
    found = {}
    for cell in record["cells"]:
        for result in cell["results"]:
            if result["verdict"] == verdict:
                found.setdefault((result["reason"], cell["cell"]), []).append(result["invariant"])
    entries = sorted((reason, laws, cell) for (reason, cell), laws in found.items())
    for (reason, laws), group in groupby(entries, key=lambda entry: entry[:2]):
        names = ", ".join(laws) if len(laws) <= MANY_LAWS else count(len(laws), "law")
        yield verdict, f"{names} on {', '.join(cell for *_, cell in group)}: {reason or 'no reason given'}"
