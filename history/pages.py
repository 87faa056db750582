"""How the history is shown: laws by cells on a terminal, and as a page of the docs the bugs and then the tables."""

from collections import defaultdict
from itertools import groupby

from rich.table import Table
from rich.text import Text

from bncheck.subjects import matrix
from bncheck.subjects.identity import parsed
from history.judge import results, shows, wrong

BEGIN = "<!-- From here on `python -m history --markdown` writes. -->\n"
MARKS = {"fail": "✗", "pass": "·", "inapplicable": "–"}
WRONG = "!"
LEGEND = "✗ an example fails, as an origin says; · all pass; – does not apply; ! not what the origins say"


def marks(law, cells):
    """A mark for each cell: what was seen of the law there."""
    return [_mark(law, cell) for cell in cells]


def _mark(law, cell):
    found = {result["verdict"] for result in results(law, cell)}
    if "error" in cell or any(wrong(law, cell)):
        return WRONG
    return next((mark for verdict, mark in MARKS.items() if verdict in found), " ")


def table(laws, cells):
    """Laws by cells, whose names stand upright."""
    found = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    found.add_column("law", no_wrap=True, vertical="bottom")
    for cell in cells:
        found.add_column(Text("\n".join(cell["cell"])), vertical="bottom")
    for law in laws:
        found.add_row(law.name, *(Text(mark, "bold red" if mark == WRONG else "") for mark in marks(law, cells)))
    return found


def markdown(laws, cells):
    """The bugs with their cells, and a table for each framework of the laws that are broken there."""
    cells = sorted(cells, key=_order)
    parts = ["## The bugs", "", *_bugs(laws, cells), "", "## Laws by cells", "", f"{LEGEND}.", ""]
    for framework, group in groupby(cells, key=_framework):
        parts += [*_of_framework(framework, laws, list(group)), ""]
    return "\n".join(parts).rstrip() + "\n"


def _order(cell):
    names = list(matrix.cells())
    name, _, mode = cell["cell"].partition(":")
    return (names.index(name) if name in names else len(names), mode)


def _framework(cell):
    return parsed(cell["subject"]).framework


def _bugs(laws, cells):
    """A row for each bug: the cells that it breaks one of its laws on, and those of its frameworks that keep one."""
    yield from _rows(["bug", "laws", "seen in", "not in"])
    bugs = defaultdict(list)
    for law in laws:
        for origin in law.origin.each:
            if origin.affected:
                bugs[origin.link, origin.note].append((law, origin))
    for (link, note), found in sorted(bugs.items(), key=lambda bug: _short(bug[0][0]).split("#")):
        shown = [f"[{_short(link)}]({link}){note and f': {note}'}", ", ".join(f"`{law.name}`" for law, _ in found)]
        yield _row([*shown, *(", ".join(names) for names in _seen(found, cells))])


def _seen(found, cells):
    """The names of the cells that have a bug, and of those that have not, by the examples that show it."""
    has, has_not = [], []
    for cell in cells:
        near = [each for each in found if _framework(cell) in {name.split(":")[0] for name in each[1].affected}]
        shown = [(origin.naming(cell["subject"]), _verdicts(law, origin, cell)) for law, origin in near]
        if any(named and "fail" in verdicts for named, verdicts in shown):
            has.append(cell["cell"])
        elif any("pass" in verdicts for named, verdicts in shown if not named):
            has_not.append(cell["cell"])
    return has, has_not


def _verdicts(law, origin, cell):
    found = results(law, cell)
    return {result["verdict"] for result in shows(origin, found)} if found else set()


def _short(link):
    """``tensorflow#14675`` for an issue or a pull request, ``keras/batch_normalization.py`` for a file."""
    parts = link.rstrip("/").split("/")
    if parts[-2] in ("issues", "pull"):
        return f"{parts[-3]}#{parts[-1]}"
    return f"{parts[4]}/{parts[-1]}" if "blob" in parts else link.partition("://")[2]


def _of_framework(framework, laws, cells):
    shown = {law.name: marks(law, cells) for law in laws}
    kept = [name for name, row in shown.items() if not {MARKS["fail"], WRONG} & set(row)]
    yield from (f"### {framework}", "")
    if len(kept) < len(shown):
        yield from _rows(["law", *(cell["cell"] for cell in cells)])
        yield from (_row([name, *row]) for name, row in shown.items() if name not in kept)
        yield ""
    yield f"The examples of the other {len(kept)} laws pass on all of them, where they apply."


def _rows(heads):
    return [_row(heads), _row(["---"] * len(heads))]


def _row(values):
    return f"| {' | '.join(values)} |"


def rewritten(page, laws, cells):
    """The text of a page with what is generated in place of what stood behind the line that says so."""
    return page.partition(BEGIN)[0] + BEGIN + "\n" + markdown(laws, cells)
