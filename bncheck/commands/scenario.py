"""`bncheck scenario` trains a public question's network on its data, beside what was published."""

import shlex
import sys
import time
from itertools import combinations
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from bncheck import scenarios
from bncheck.cases.trace import Malformed, Raised
from bncheck.commands.run import NOTHING_RAN, show
from bncheck.engine import trajectory
from bncheck.engine.campaign import open_subject
from bncheck.errors import UnknownName
from bncheck.records import record as records
from bncheck.reports import curves, files, progress
from bncheck.reports import scenario as reports
from bncheck.reports.words import clean
from bncheck.subjects import resolve
from bncheck.subjects.subject import SubjectDied

# A training may take minutes; a law's case, seconds.
REQUEST_SECONDS = 1800.0


@click.command()
@click.argument("name", required=False)
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Trainings of each variant.")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Only this variant; may be given again.")
@click.option("--plot", metavar="FILE", help="Write the curves as a picture: .png, .svg or .pdf.")
@click.option("--page", metavar="FILE", help="Write what is shown as a page of markdown.")
@click.option("--record", metavar="FILE", help="Add every number to a record, or write a new one.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Trainings at a time.")
@click.option("--python", metavar="PATH", help="The interpreter of frameworks that are named without a version.")
def scenario(name, subjects, seeds, variants, plot, page, record, workers, python):
    """Train the network of scenario NAME on each SUBJECT; without a NAME, list the scenarios.

    A SUBJECT is what `bncheck run` takes.  With two or more, each pair is also followed step by step from the same
    weights and batches, where the scenario has a trajectory for it.  Exit code: 0 done, 2 wrong usage, 5 nothing ran.
    """
    if name is None:
        show([_listed()])
        return
    chosen = scenarios.load(name)
    for variant in variants:
        if variant not in chosen.variants:
            raise UnknownName(f"variant of {name}", variant, chosen.variants)
    kept = _check(plot, page, record)
    specs = resolve.resolve(subjects, python)
    with progress.shown() as shown, Trainer(chosen, seeds, variants, workers, shown) as trainer:
        outcomes = list(filter(None, map(trainer.outcome, specs)))
        found = scenarios.about(chosen, seeds, outcomes) | {"trajectories": trainer.trajectories()}
    if not outcomes:
        sys.exit(NOTHING_RAN)
    if plot:
        curves.plot(found, plot)
    if page:
        command = _command(name, [spec.name for spec in specs], seeds, variants)
        records.write_text(reports.page(found, command, Path(plot).name if plot else None), page)
    if record:
        records.write(records.with_scenario(kept, found), record)
    show(reports.report(found))


def _listed():
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    table.add_column("it asks")
    for each in scenarios.load_all().values():
        table.add_row(Text(each.name), Text(each.title))
    return table


def _check(plot, page, record):
    """The record that a scenario joins.  What cannot be written would be known only after minutes."""
    for option, path in (("--plot", plot), ("--page", page), ("--record", record)):
        if path:
            files.check_writable(path, option)
    if plot:
        curves.figure_class()
    return records.read(record) if record and Path(record).is_file() else records.new((), seed=0, max_examples=0)


def _command(name, subjects, seeds, variants):
    options = [part for variant in variants for part in ("--variant", variant)]
    return shlex.join(["bncheck", "scenario", name, *subjects, "--seeds", str(seeds), *options])


class Trainer:
    """The open subjects: of each as many copies as train side by side, and one that is kept for the trajectories."""

    def __init__(self, chosen, seeds, variants, workers, shown):
        self.scenario, self.seeds, self.variants = chosen, seeds, list(variants)
        self.workers, self.shown, self.kept = workers, shown, []

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for subject in self.kept:
            subject.close()

    def outcome(self, spec):
        """What came out on a subject, or None, and the reason is told, where it trained no variant.

        Raises UsageError where it cannot be built or does not start.
        """
        start, copies = time.monotonic(), []
        try:
            for _ in range(self.workers):
                copies.append(self.open(spec))
            found = scenarios.run(
                self.scenario,
                copies,
                self.seeds,
                variants=self.variants,
                tell=lambda done, total: self.shown.running(spec.name, done, total),
            )
        finally:
            self.kept += copies[:1]
            for copy in copies[1:]:
                copy.close()
        seconds = time.monotonic() - start
        if not found.runs:
            self.kept.pop().close()
            self._say(f"{spec.name} cannot train {self.scenario.name}: {next(iter(found.missing.values()))}")
            return None
        self._say(f"{spec.name}: {self.scenario.name}, {seconds:.0f} s")
        return scenarios.outcome(self.scenario, spec.name, copies[0].description, found, seconds)

    def _say(self, text):
        self.shown.console.print(Text(clean(text)), soft_wrap=True)

    def open(self, spec):
        """One worker of a subject."""
        return open_subject(spec, lambda line: self.shown.building(spec.name, line), REQUEST_SECONDS)

    def trajectories(self):
        """What came of following each pair of subjects."""
        if self.scenario.trajectory is None:
            return []
        case = self.scenario.trajectory()
        return [_followed(first, second, case) for first, second in combinations(self.kept, 2)]


def _followed(first, second, case):
    try:
        return trajectory.follow(first, second, case)
    except (Raised, Malformed, SubjectDied) as error:
        return {"subjects": [first.name, second.name], "error": " ".join(str(error).split())}
