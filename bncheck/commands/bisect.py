"""`bncheck bisect` finds the release in which a law was broken or mended, or a convention moved."""

import contextlib
import json
import time

import click
from rich.table import Table
from rich.text import Text

from bncheck import invariants
from bncheck.commands.accept import in_order, ledger_of
from bncheck.commands.run import show
from bncheck.engine import bisect as engine
from bncheck.engine import replay
from bncheck.engine.extent import extents
from bncheck.errors import UnknownName, UsageError
from bncheck.records import ledger, ledger_file
from bncheck.reports import files
from bncheck.reports.words import clean, convention
from bncheck.truth.traits import LEGAL


@click.command()
@click.argument("law", metavar="LAW|AXIS")
@click.argument("package", metavar="PACKAGE[:MODE]")
@click.argument("good", required=False, metavar="[GOOD")
@click.argument("bad", required=False, metavar="BAD]")
@click.option("--case", metavar="FILE", help="Judge the law on this case, or on those of a record's findings.")
@click.option("--write", is_flag=True, help="Put what was found into your ledger, with --reason and --link.")
@click.option("--reason", help="Why it is accepted.")
@click.option("--link", metavar="URL", help="Where it is reported.")
@click.option(
    "--file", "path", metavar="FILE", help="bncheck.toml or pyproject.toml; by default the nearest that is ours."
)
def bisect(law, package, good, bad, case, write, **entry):
    """Find the release of PACKAGE between which and the next one the LAW was broken or mended, or the AXIS moved.

    The law is judged on its examples, or on --case; an AXIS of the traits is measured.  All final releases of the index
    are searched, or those from GOOD to BAD, in either order; what cannot be asked is skipped, and said.  With --write
    each mechanism that breaks the law becomes an entry of the ledger, for the range of versions that was found; an
    entry that is there gets that range.

    \b
    Exit code: 0 found, 2 nothing changed, or wrong usage, 130 interrupted.
    """
    if good and not bad:
        raise UsageError("name two versions, or none: GOOD and BAD")
    broken = {}
    question = _question(law, case, broken.__setitem__)
    _check_entry(law, write, **entry)
    asker = engine.Asker(question, lambda line: click.echo(clean(line, 200), err=True))
    names, seconds = engine.names(package, good, bad), {}

    def tell(name, answer):
        seconds[name] = time.monotonic() - start
        click.echo(clean(f"{name}: {convention(answer)} ({seconds[name]:.0f} s since the start)", 400), err=True)

    start = time.monotonic()
    found = engine.search(names, asker, tell)
    show([_table(names, found), Text(_line(law, found, names))])
    if write:
        _write(law, list(extents(found, names, broken)), **entry)


def _question(law, case, note):
    laws = invariants.load_all()
    if law in laws:
        if laws[law].differential:
            raise UsageError(f"{law} is about two subjects, and a bisection asks one")
        return engine.of_law(laws[law], _cases(laws[law], case), note)
    if law in LEGAL:
        return engine.of_axis(law)
    raise UnknownName("law or axis", law, [*laws, *LEGAL])


def _cases(law, case):
    if case is None:
        return law.examples
    found = [replay.read(case, [law]).cases[law.name]][0]
    return list({each.digest: each for own in found.values() for each in own}.values())


def _check_entry(law, write, reason, link, path):
    """Raise UsageError, before anything is asked, where there could be no entry."""
    if not write:
        if reason or link or path:
            raise UsageError("--reason, --link and --file say what --write writes: give --write too")
        return
    if law in LEGAL:
        raise UsageError(f"--write is for a law: {law} is an axis, and an axis has no finding")
    for option, given in (("--reason", reason), ("--link", link)):
        if not given:
            raise UsageError(f"--write needs {option}, as `bncheck accept` does")
    ledger.check_why(clean(reason), clean(link))
    place, _ = ledger_of(path, invariants.load_all())
    files.check_writable(place, "--file")


def _write(law, found, reason, link, path):
    """Put what was found into the ledger: new entries, and the ranges of those that are there."""
    place, known = ledger_of(path, invariants.load_all())
    new, ranges, lines = [], [], []
    for each in found:
        about = (law, each.mechanism, each.subject)
        old = next((i for i, entry in enumerate(known) if (entry.law, entry.mechanism, entry.subject) == about), None)
        name = f"{law} by {each.mechanism} on {each.subject}"
        if old is None:
            new.append(_entry(law, each, clean(reason), clean(link)))
            lines.append(f"accepted in {place}: {name}{each.versions}")
        elif each.agrees(known[old].versions):
            lines.append(f"nothing to change in {place}: {name}{known[old].versions}")
        else:
            ranges.append((old, each.put_right(known[old].versions)))
            lines.append(f"changed in {place}: {name}{known[old].versions} is now {ranges[-1][1]}")
    if new or ranges:
        ledger_file.add(place, new, ranges)
    for line in lines:
        click.echo(clean(line, 400))


def _entry(law, extent, reason, link):
    about = {"law": law, "subject": extent.subject, "versions": extent.versions, "mechanism": extent.mechanism}
    case = json.dumps(extent.case.to_json(), separators=(",", ":"))
    return in_order(about | {"reason": reason, "link": link, "case": case})


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
