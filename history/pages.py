"""How the history is shown: laws by cells on a terminal, and as a page of the docs the bugs and then the tables."""

from itertools import groupby

from rich.table import Table
from rich.text import Text

from bncheck.subjects import matrix
from history.judge import disagreement

BEGIN = "<!-- From here on `python -m history --markdown` writes. -->\n"
MARKS = {"pass": "·", "fail": "✗", "inapplicable": "–"}
WRONG = "!"
LEGEND = "✗ an example fails, as the origin says; · all pass; – does not apply; ! not what the origin says"


def marks(law, cells):
    """A mark for each cell: what was seen of the law there."""
    return [_mark(law, cell) for cell in cells]


def _mark(law, cell):
    result = next((each for each in cell["results"] if each["invariant"] == law.name), None)
    if result is None:
        return WRONG if "error" in cell else " "
    return WRONG if disagreement(law, cell["subject"], result) else MARKS[result["verdict"]]


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
    """The bugs with their versions, and a table for each framework of the laws that are broken there."""
    parts = ["## The bugs", "", *_bugs(laws, cells), "", "## Laws by cells", "", f"{LEGEND}.", ""]
    for framework, group in groupby(sorted(cells, key=_order), key=_framework):
        parts += [*_of_framework(framework, laws, list(group)), ""]
    return "\n".join(parts).rstrip() + "\n"


def _order(cell):
    names = list(matrix.cells())
    name, _, mode = cell["cell"].partition(":")
    return (names.index(name) if name in names else len(names), mode)


def _framework(cell):
    return cell["subject"].partition("==")[0]


def _bugs(laws, cells):
    """A row for each bug of each law: the cells that it breaks the law on, and those of its framework that keep it."""
    yield from _rows(["bug", "law", "seen in", "not in"])
    bugs = [(each, law) for law in laws for each in law.origin.each if each.affected]
    for origin, law in sorted(bugs, key=lambda bug: (bug[0].link, bug[1].name)):
        frameworks = {name.partition(":")[0] for name in origin.affected}
        near = [cell for cell in cells if _framework(cell) in frameworks]
        broken = [cell["cell"] for cell in near if origin.names(cell["subject"]) and _mark(law, cell) == MARKS["fail"]]
        kept = [cell["cell"] for cell in near if _mark(law, cell) == MARKS["pass"]]
        note = f": {origin.note}" if origin.note else ""
        yield _row(
            [f"[{_short(origin.link)}]({origin.link}){note}", f"`{law.name}`", ", ".join(broken), ", ".join(kept)]
        )


def _short(link):
    """``tensorflow#14675`` for an issue or a pull request."""
    parts = link.split("/")
    return f"{parts[-3]}#{parts[-1]}" if parts[-2] in ("issues", "pull") else link.partition("://")[2]


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
