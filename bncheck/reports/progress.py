"""How a run goes, on the standard error: bars on a terminal, a line a cell elsewhere."""

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from bncheck.reports.words import clean, count

STOPPING = "stopping after the current case; Ctrl-C again ends the workers at once"


def shown(stream=None):
    """What shows progress on the stream, as a context manager."""
    console = Console(file=stream or sys.stderr)
    return Bars(console) if console.is_terminal else Lines(console)


def line(name, entry):
    """What came of a cell, in one line."""
    if entry.get("error"):
        return clean(f"{name}: {entry['error']}")
    verdicts = [result["verdict"] for result in entry["results"]]
    if entry["traits"] and not verdicts:
        return clean(f"{name}: {count(len(entry['traits']), 'trait')} ({entry['seconds']:.1f} s)")
    parts = [f"{verdicts.count(verdict)} {word}" for verdict, word in WORDS.items() if verdict in verdicts]
    return clean(f"{name}: {count(len(verdicts), 'law')}, {', '.join(parts) or 'none'} ({entry['seconds']:.1f} s)")


WORDS = {
    "pass": "hold",
    "fail": "broken",
    "inapplicable": "not applicable",
    "inconclusive": "not decided",
    "error": "in error",
}


class Lines:
    """A line for each cell that is done."""

    def __init__(self, console):
        self.console = console

    def __enter__(self):
        return self

    def __exit__(self, *why):
        """Nothing is left open."""

    def building(self, name, line):
        """Not shown."""

    def running(self, name, done, total):
        """Not shown."""

    def finished(self, name, entry):
        """The cell's line."""
        self._say(line(name, entry))

    def stopping(self):
        """Why it does not end at once."""
        self._say(STOPPING)

    def _say(self, text):
        self.console.print(Text(text), soft_wrap=True)


class Bars(Lines):
    """A bar for each cell at work, and a line for each that is done."""

    def __init__(self, console):
        super().__init__(console)
        self.tasks = {}
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *why):
        self.progress.stop()

    def building(self, name, line):
        """The line in place of the cell's name."""
        self.progress.update(self._task(name), description=clean(line, 60))

    def running(self, name, done, total):
        """The cell's bar."""
        self.progress.update(self._task(name), description=clean(name, 60), completed=done, total=total)

    def finished(self, name, entry):
        """The cell's line in place of its bar."""
        if name in self.tasks:
            self.progress.remove_task(self.tasks.pop(name))
        super().finished(name, entry)

    def _task(self, name):
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=None)
        return self.tasks[name]
