"""A scenario and what came out, in a terminal and as a page: functions of the plain values of ``scenarios.about``."""

from itertools import groupby

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.reports.words import clean
from bncheck.scenarios import spread

MARKS = {"holds": ("✓", "green"), "does not hold": ("✗", "bold red"), "depends": ("~", "yellow")}
NONE = ("–", "dim")
INDENT = (0, 0, 1, 2)


def report(found):
    """Everything that is shown of a scenario: renderables, one after the other."""
    yield Text(found["title"], "bold")
    yield Padding(Text(found["setting"]), INDENT)
    yield Padding(_table(found), (0, 0, 1, 0))
    yield Text("claims", "bold")
    yield Padding(Group(*_claims(found)), INDENT)
    for trajectory in found.get("trajectories", ()):
        yield Text(f"from the same weights and batches: {' and '.join(trajectory['subjects'])}", "bold")
        yield Padding(_trajectory(trajectory), INDENT)
    yield Text("why", "bold")
    yield Padding(Text(found["why"]), INDENT)
    yield Text(found["origin"], "dim")


def _table(found):
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in ("", "published", *(subject["name"] for subject in found["subjects"])):
        table.add_column(Text(clean(head, 40)))
    for variant, group in groupby(rows(found), key=lambda row: row[0]):
        table.add_row(Text(variant, "bold"))
        for _, number, published, values in group:
            cells = [Text(value.replace(" (", "\n(", 1)) for value in values]
            table.add_row(Text(f"  {number}"), Text(published), *cells)
    return table


def rows(found):
    """A variant, a number, what was published, and the number on each subject, for each that some subject has."""
    for variant in found["variants"]:
        for number in found["numbers"]:
            values = [_cell(subject, variant, number) for subject in found["subjects"]]
            published = found["published"].get(variant, {}).get(number, "")
            if published or any(value not in ("", "–") for value in values):
                yield variant, number, published, values


def _cell(subject, variant, number):
    if variant in subject["missing"]:
        return "–"
    values = subject["numbers"].get(variant, {}).get(number)
    return spread(values) if values else ""


def _claims(found):
    for text, verdicts in claims(found):
        grid = Table.grid(padding=(0, 2, 0, 0))
        for name, verdict, figure in verdicts:
            mark, style = MARKS.get(verdict, NONE)
            grid.add_row(Text(f"{mark} {verdict}", style), Text(clean(name, 40)), Text(clean(figure), "dim"))
        yield Text(clean(text))
        yield Padding(grid, (0, 0, 0, 2))


def claims(found):
    """Each claim's text, and for each subject its name, the verdict and the figure."""
    together = zip(*(subject["claims"] for subject in found["subjects"]), strict=True)
    names = [subject["name"] for subject in found["subjects"]]
    for same in together:
        verdicts = [(name, claim["verdict"], claim["figure"]) for name, claim in zip(names, same, strict=True)]
        yield same[0]["text"], verdicts


def _trajectory(trajectory):
    if "error" in trajectory:
        return Text(clean(trajectory["error"]))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in TRAJECTORY:
        table.add_column(head)
    for row in trajectory_rows(trajectory):
        table.add_row(*map(Text, row))
    return table


TRAJECTORY = ("the second has", "", "gap, bound: step 1", "the last step", "they part")


def trajectory_rows(trajectory):
    """The cells of the table of a trajectory, a list a row."""
    last = trajectory["steps"][-1]
    for row in trajectory["rows"]:
        ends = (f"{float(row['gaps'][at]):.0e}, {float(row['allowed'][at]):.0e}" for at in (0, -1))
        part = f"at step {row['parted']}: {row['because']}" if row["parted"] else f"not in {last} steps"
        yield [clean(cell) for cell in (row["setting"], row["group"], *ends, part)]


def page(found, command, plot=None):
    """A scenario as a page of markdown; ``plot`` is the name of a picture beside it."""
    subjects = ", ".join(f"{subject['name']} ({subject['subject']})" for subject in found["subjects"])
    parts = [f"# {found['scenario']}", found["title"], found["setting"], found["origin"] and f"<{found['origin']}>"]
    parts += [f"On {subjects}; medians, and ranges over {found['seeds']} seeds:", f"```sh\n{command}\n```"]
    parts += [_page_table(found), *_page_missing(found)]
    parts += [f"![the curves of {found['scenario']}]({plot})", BAND] if plot else []
    parts += ["## Claims", *(_page_claim(text, verdicts) for text, verdicts in claims(found))]
    parts += _page_trajectories(found.get("trajectories", ()))
    parts += ["## Why", found["why"], "## The variants and the numbers"]
    parts += ["\n".join(f"- **{name}**: {what}" for name, what in {**found["variants"], **found["numbers"]}.items())]
    return "\n\n".join(filter(None, parts)) + "\n"


BAND = "Lines are medians over the seeds, bands their ranges."


def _page_table(found):
    names = [subject["name"] for subject in found["subjects"]]
    lines = [_line(("variant", "number", "published", *names)), "|---" * (3 + len(names)) + "|"]
    lines += [_line((variant, number, published, *values)) for variant, number, published, values in rows(found)]
    return "\n".join(lines)


def _line(cells):
    return f"| {' | '.join(clean(cell).replace('|', '/') for cell in cells)} |"


def _page_missing(found):
    for subject in found["subjects"]:
        for variant, reason in subject["missing"].items():
            yield f"{subject['name']}, {variant}: {clean(reason)}"


def _page_claim(text, verdicts):
    lines = [f"**{text[0].upper()}{text[1:]}.**", ""]
    return "\n".join(lines + [f"- {name}: **{verdict}**; {figure}" for name, verdict, figure in verdicts])


def _page_trajectories(trajectories):
    if trajectories:
        yield "## From the same weights and batches"
        yield FOLLOWED
    for trajectory in trajectories:
        yield f"{trajectory['subjects'][0]}, and {trajectory['subjects'][1]} as the second:"
        if "error" in trajectory:
            yield clean(trajectory["error"])
            continue
        lines = [_line(TRAJECTORY), "|---" * len(TRAJECTORY) + "|", *map(_line, trajectory_rows(trajectory))]
        yield "\n".join(lines)


FOLLOWED = (
    "Plain SGD; the gap is the largest between the two, the bound is what the errors of two sound trainings may come "
    "to, which grows with the steps."
)
