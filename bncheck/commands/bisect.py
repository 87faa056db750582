"""`bncheck bisect` finds the release in which a law was broken or mended, or a convention moved."""

import contextlib
import time

import click
from rich.table import Table
from rich.text import Text

from bncheck import invariants
from bncheck.commands.run import show
from bncheck.engine import bisect as engine
from bncheck.engine import replay
from bncheck.errors import UnknownName, UsageError
from bncheck.reports.words import clean, convention
from bncheck.truth.traits import LEGAL


@click.command()
@click.argument("law", metavar="LAW|AXIS")
@click.argument("package", metavar="PACKAGE[:MODE]")
@click.argument("good", required=False, metavar="[GOOD")
@click.argument("bad", required=False, metavar="BAD]")
@click.option("--case", metavar="FILE", help="Judge the law on this case, or on those of a record's findings.")
def bisect(law, package, good, bad, case):
    """Find the release of PACKAGE between which and the next one the LAW was broken or mended, or the AXIS moved.

    The law is judged on its examples, or on --case; an AXIS of the traits is measured.  All final releases of the index
    are searched, or those from GOOD to BAD, in either order; what cannot be asked is skipped, and said.

    \b
    Exit code: 0 found, 2 nothing changed, or wrong usage, 130 interrupted.
    """
    if good and not bad:
        raise UsageError("name two versions, or none: GOOD and BAD")
    asker = engine.Asker(_question(law, case), lambda line: click.echo(clean(line, 200), err=True))
    names, seconds = engine.names(package, good, bad), {}

    def tell(name, answer):
        seconds[name] = time.monotonic() - start
        click.echo(clean(f"{name}: {convention(answer)} ({seconds[name]:.0f} s since the start)", 400), err=True)

    start = time.monotonic()
    found = engine.search(names, asker, tell)
    show([_table(names, found), Text(_line(law, found, names))])


def _question(law, case):
    laws = invariants.load_all()
    if law in laws:
        if laws[law].differential:
            raise UsageError(f"{law} is about two subjects, and a bisection asks one")
        return engine.of_law(laws[law], _cases(laws[law], case))
    if law in LEGAL:
        return engine.of_axis(law)
    raise UnknownName("law or axis", law, [*laws, *LEGAL])


def _cases(law, case):
    if case is None:
        return law.examples
    found = [replay.read(case, [law]).cases[law.name]][0]
    return list({each.digest: each for own in found.values() for each in own}.values())


def _table(names, found):
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("release", no_wrap=True)
    table.add_column("answer")
    answers = found.asked | {name: f"skipped: {why}" for name, why in found.skipped.items()}
    for name in names:
        with contextlib.suppress(KeyError):
            table.add_row(Text(name), Text(clean(convention(answers[name]), 300)))
    return table


def _line(law, found, names):
    """What was found, in a sentence."""
    start, end = (convention(found.asked[name]) for name in (found.last, found.first))
    between = names[names.index(found.last) + 1 : names.index(found.first)]
    line = f"\n{law}: {start} to {found.last}, {end} from {found.first}"
    return line + (f" or one of those that were skipped: {', '.join(between)}" if between else "")
