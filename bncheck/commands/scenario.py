"""`bncheck scenario` trains a public question's network on its data, beside what was published."""

import json
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
from bncheck.errors import UnknownName, UsageError
from bncheck.reports import curves, progress
from bncheck.reports import scenario as reports
from bncheck.subjects import resolve
from bncheck.subjects.subject import SubjectDied

# A training may take minutes; a law's case, seconds.
REQUEST_SECONDS = 1800.0


@click.command()
@click.argument("name", required=False)
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]...")
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="Trainings of each variant [default: 5 or more].")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Only this variant; may be given again.")
@click.option("--plot", metavar="FILE", help="Write the curves as a picture: .png, .svg or .pdf.")
@click.option("--page", metavar="FILE", help="Write what is shown as a page of markdown.")
@click.option("--record", metavar="FILE", help="Write every number as JSON.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Trainings at a time.")
@click.option("--python", metavar="PATH", help="The interpreter of frameworks that are named without a version.")
def scenario(name, subjects, seeds, variants, plot, page, record, workers, python):
    """Train the network of scenario NAME on each SUBJECT; without a NAME, list the scenarios.

    A SUBJECT is what `bncheck run` takes.  With two or more, each pair is also followed step by step from the same
    weights and batches, where the scenario has a trajectory for it.
    """
    if name is None:
        show([_listed()])
        return
    chosen = scenarios.load(name)
    for variant in variants:
        if variant not in chosen.variants:
            raise UnknownName(f"variant of {name}", variant, chosen.variants)
    _check(plot=plot, page=page, record=record)
    specs, seeds = resolve.resolve(subjects, python), seeds or chosen.seeds
    with progress.shown() as shown, Trainer(chosen, seeds, variants, workers, shown) as trainer:
        outcomes = [trainer.outcome(spec) for spec in specs]
        found = scenarios.about(chosen, seeds, outcomes) | {"trajectories": trainer.trajectories()}
    _write(found, plot, page, record, _command(name, [spec.name for spec in specs], seeds, variants))
    show(reports.report(found))
    sys.exit(0 if any(outcome["numbers"] for outcome in outcomes) else NOTHING_RAN)


def _listed():
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("scenario", no_wrap=True)
    table.add_column("it asks")
    for each in scenarios.load_all().values():
        table.add_row(Text(each.name), Text(each.title))
    return table


def _check(**files):
    """What cannot be written would be known only after minutes."""
    for option, path in files.items():
        if path and not Path(path).absolute().parent.is_dir():
            raise UsageError(f"--{option} {path}: there is no folder {Path(path).absolute().parent}")
    if files["plot"]:
        curves.figure_class()


def _command(name, subjects, seeds, variants):
    options = [part for variant in variants for part in ("--variant", variant)]
    return shlex.join(["bncheck", "scenario", name, *subjects, "--seeds", str(seeds), *options])


def _write(found, plot, page, record, command):
    if plot:
        curves.plot(found, plot)
    if page:
        Path(page).write_text(reports.page(found, command, Path(plot).name if plot else None), encoding="utf-8")
    if record:
        Path(record).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


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
        """What came out on a subject.  Raises UsageError where it cannot be built or does not start."""
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
        self.shown.console.print(Text(f"{spec.name}: {self.scenario.name}, {seconds:.0f} s"), soft_wrap=True)
        return scenarios.outcome(self.scenario, spec.name, copies[0].description, found, seconds)

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
