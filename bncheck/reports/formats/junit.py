"""JUnit XML, which CI servers read: a suite a cell, a case a law, one verdict each.

An accepted finding and a law that does not apply are skipped with their reason, and so is a law that was not decided in
its time; one that was not judged on any case is an error.  The elements are those that both Jenkins's and Ant's
schemas allow.
"""

import re
from xml.etree import ElementTree

from bncheck.records import ledger
from bncheck.records.record import findings
from bncheck.reports.facts import facts
from bncheck.reports.words import clean, convention

WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
EXAMINED, IN_STEP = "the_cell_is_examined", "the_ledger_is_in_step"


def render(record, laws):
    """The record as JUnit XML."""
    root = ElementTree.Element("testsuites")
    for i, cell in enumerate(record["cells"]):
        root.append(_suite(cell, i, record))
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(cell, i, record):
    cases = [_case(cell, result) for result in cell["results"]]
    if cell.get("error"):
        cases.append(_unexamined(cell))
    if cell.get("mended"):
        cases.append(_out_of_step(cell))
    about = {
        "name": _word(cell["cell"]),
        "package": "bncheck",
        "id": str(i),
        "hostname": "localhost",
        "tests": str(len(cases)),
    }
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        about[attribute] = str(sum(case.find(tag) is not None for case in cases))
    about["time"] = _seconds(cell.get("seconds") or sum(result["seconds"] for result in cell["results"]))
    when = WHEN.match(record.get("started", ""))
    suite = ElementTree.Element("testsuite", about | ({"timestamp": when[0]} if when else {}))
    suite.append(_properties(cell, record))
    suite.extend(cases)
    suite.extend([ElementTree.Element("system-out"), ElementTree.Element("system-err")])
    return suite


def _properties(cell, record):
    values = {"bncheck": record["bncheck"], "seed": record["seed"], "subject": cell["subject"]}
    values |= {name: cell[name] for name in ("python", "interpreter", "layer") if cell.get(name)}
    values |= {f"package {name}": version for name, version in sorted(cell["packages"].items())}
    values |= {f"trait {name}": convention(value) for name, value in cell["traits"].items()}
    found = ElementTree.Element("properties")
    for name, value in values.items():
        ElementTree.SubElement(found, "property", name=_word(name), value=clean(value))
    return found


def _case(cell, result):
    case = _named(cell, result["invariant"], result["seconds"])
    verdict, reason, all_found = result["verdict"], result["reason"], findings(result)
    counting = [finding for finding in all_found if "accepted" not in finding]
    if verdict == "fail" and counting:
        _child(case, "failure", counting[0]["what"], counting[0]["mechanism"], _text(all_found, verdict))
    elif verdict == "fail":
        accepted = "; ".join(dict.fromkeys(finding["accepted"]["reason"] for finding in all_found)) or reason
        _child(case, "skipped", f"accepted: {accepted}", "accepted", _text(all_found, verdict))
    elif verdict == "error" or (verdict == "inconclusive" and not result["cases"]):
        _child(case, "error", reason, verdict, _text(all_found, verdict))
    elif verdict != "pass":
        _child(case, "skipped", reason, verdict)
    return case


def _unexamined(cell):
    case = _named(cell, EXAMINED, 0)
    _child(case, "error", cell["error"], "error")
    return case


def _out_of_step(cell):
    case = _named(cell, IN_STEP, 0)
    _child(case, "failure", "; ".join(map(ledger.described, cell["mended"])), "mended")
    return case


def _named(cell, name, seconds):
    return ElementTree.Element("testcase", name=_word(name), classname=_word(cell["cell"]), time=_seconds(seconds))


def _word(name):
    """A name that is not empty."""
    return clean(name).strip() or "unnamed"


def _seconds(seconds):
    return f"{max(0, seconds):.3f}"


def _child(case, tag, message, kind, text=""):
    child = ElementTree.SubElement(case, tag, message=clean(message), type=_word(kind))
    child.text = text or None


def _text(all_found, verdict):
    """The findings in lines of a label and a value."""
    return "\n\n".join("\n".join(_lines(found, verdict)) for found in all_found)


def _lines(found, verdict):
    for label, value in facts(found, verdict):
        if isinstance(value, list):
            yield from (clean(f"{'step ' + number:10} {kind} {arguments}") for number, kind, arguments in value)
        else:
            yield clean(f"{label:10} {value}")
