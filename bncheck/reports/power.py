"""What the laws see: the mutants by the laws, the laws by the mutants, and the smallest sizes that are seen."""

from collections import Counter

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bncheck.reports.words import clean, count

SEEN, UNSEEN = "✗", "·"
TEN = 10
GAP = 2
DTYPES = ("float32", "float64")


def report(found):
    """Everything that is shown of a measure of power: renderables, one after the other."""
    families = dict.fromkeys(mutant["family"] for mutant in found["mutants"])
    for family in families:
        yield _family(family, [each for each in found["mutants"] if each["family"] == family], found["laws"])
    if families:
        yield _laws(found)
    if found["sizes"]:
        yield _sizes(found["sizes"])
    yield Text(line(found))


def line(found):
    """How much was seen, in one line."""
    every, examples = len(found["seeds"]), found["max_examples"]
    seen = sum(not unseen(mutant) for mutant in found["mutants"])
    parts = [f"{seen} of {count(len(found['mutants']), 'mutant')} seen at every seed"] if found["mutants"] else []
    parts += [f"{count(len(found['sizes']), 'fault')} with a size"] if found["sizes"] else []
    told = f"{count(len(found['laws']), 'law')}, {count(examples, 'example')} a law, {count(every, 'seed')}"
    return f"{'; '.join(parts) or 'nothing was asked'} ({told})"


def unseen(mutant):
    """The seeds at which no law sees a mutant."""
    return [seed for seed, law in mutant["seeds"].items() if law is None]


def _table(*heads):
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _family(family, mutants, laws):
    """A mutant a row: the seeds at which it was seen, a mark for each law in the order of the numbers, mechanisms."""
    table = _table(family, "seeds", "laws", "mechanism")
    for mutant in mutants:
        seeds = len(mutant["seeds"]) - len(unseen(mutant))
        style = "bold red" if unseen(mutant) else ""
        told = Text(f"{seeds} of {len(mutant['seeds'])}", style)
        table.add_row(Text(clean(mutant["name"], 60)), told, Text(_marks(mutant, laws)), Text(_mechanisms(mutant)))
    return Padding(table, (0, 0, 1, 0))


def _marks(mutant, laws):
    marks = "".join(SEEN if law in mutant["laws"] else UNSEEN for law in laws)
    return " ".join(marks[i : i + TEN] for i in range(0, len(marks), TEN))


def _mechanisms(mutant):
    """The mechanisms that were named, the most frequent one first."""
    named = Counter(mutant["laws"].values()).most_common()
    return ", ".join(f"{name} ({times})" if len(named) > 1 else name for name, times in named)


def _laws(found):
    """A law a row: its number, how many mutants it sees, and those that no other law sees."""
    table = _table("", "law", "sees", "it alone")
    for number, law in enumerate(found["laws"], 1):
        seen = [mutant for mutant in found["mutants"] if law in mutant["laws"]]
        alone = [mutant["name"] for mutant in seen if len(mutant["laws"]) == 1]
        table.add_row(str(number), Text(law), str(len(seen)), Text(", ".join(alone)))
    return Padding(table, (0, 0, 1, 0))


def _sizes(sizes):
    """A fault a row, with the smallest size that is seen in each dtype, a share of the number that is wrong."""
    table = _table("fault", *DTYPES, "what is wrong")
    for fault in sizes:
        smallest = [f"{fault[dtype]:.1e}" if fault[dtype] else "none" for dtype in DTYPES]
        table.add_row(Text(clean(fault["name"], 60)), *smallest, Text(fault["sentence"]))
    return Padding(table, (0, 0, 1, 0))
