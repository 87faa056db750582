"""``pytest --bncheck-cell tf1.14`` collects a test for each law and cell: ``bncheck::tf1.14::rows_permute``.

Where two cells are named, the laws between subjects are tests of their pair: ``bncheck::tf1.14~tf2.0::...``.  The laws
of one cell share one examination, as in ``bncheck run``; it is made when the first of them runs, for those that are
still selected.  A cell is a scope, so that pytest-xdist's ``--dist loadscope`` keeps its laws on one worker; shared out
otherwise, they are examined on each.  Without the option nothing is imported and nothing is collected.
"""

import contextlib
import io
from itertools import combinations

import pytest


def pytest_addoption(parser):
    """The options; they cost nothing where they are not given."""
    add = parser.getgroup("bncheck", "laws of batch normalisation").addoption
    add("--bncheck-cell", action="append", default=[], metavar="CELL", help="hold this cell to the laws; repeatable")
    add("--bncheck-select", action="append", default=[], metavar="LAWS", help="these laws alone: names and globs")
    add("--bncheck-max-examples", type=int, default=100, metavar="N", help="cases that a law is given (100)")
    add("--bncheck-seed", type=int, default=0, metavar="N", help="the seed that cases are drawn with (0)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    """Add the laws' tests before pytest's own selection by ``-k`` and ``-m``."""
    names = config.getoption("--bncheck-cell")
    if names:
        items += _tests(session, list(dict.fromkeys(names)))


def _tests(session, names):
    from bncheck import invariants
    from bncheck.errors import UsageError
    from bncheck.subjects import resolve

    patterns = [part.strip() for text in session.config.getoption("--bncheck-select") for part in text.split(",")]
    try:
        laws, specs = invariants.select(patterns), resolve.resolve(names)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if session.config.getoption("--bncheck-max-examples") < 1:
        raise pytest.UsageError("--bncheck-max-examples is 1 or more")
    root = Laws.from_parent(session, name="bncheck", nodeid="bncheck")
    alone = [(specs, [law for law in laws if not law.differential]) for specs in combinations(specs, 1)]
    between = [(specs, [law for law in laws if law.differential]) for specs in combinations(specs, 2)]
    cells = [(Examination.from_parent(root, specs=specs), laws) for specs, laws in alone + between]
    return [LawTest.from_parent(cell, name=law.name, law=law) for cell, laws in cells for law in laws]


class Laws(pytest.Collector):
    """The root of the laws' tests; they are collected by the hook above."""

    def collect(self):
        """Nothing."""
        return []


class Examination(Laws):
    """A cell, or a pair of cells, whose laws are examined together."""

    def __init__(self, *, specs, **kwargs):
        super().__init__(name="~".join(spec.name for spec in specs), **kwargs)
        self.specs, self._entry = specs, None

    def entry(self):
        """The cell's part of a record, for the tests that are still selected."""
        if self._entry is None:
            self._entry = self._examine([item.law for item in self.session.items if item.parent is self])
        return self._entry

    def _examine(self, laws):
        from bncheck.engine import campaign
        from bncheck.engine.examine import Budget

        budget = Budget(self.config.getoption("--bncheck-max-examples"), seed=self.config.getoption("--bncheck-seed"))
        record = campaign.run(self.specs, laws, budget, progress=_builds(self.config))
        if record.get("interrupted"):
            raise KeyboardInterrupt
        return record["cells"][-1]


class LawTest(pytest.Item):
    """One law on one cell."""

    def __init__(self, *, law, **kwargs):
        super().__init__(**kwargs)
        self.law = law

    def runtest(self):
        """Fail with the law's finding, or with the reason why there is no verdict."""
        entry = self.parent.entry()
        if "error" in entry:
            raise NotHeld(entry["error"])
        result = next(result for result in entry["results"] if result["invariant"] == self.law.name)
        if result["verdict"] == "inapplicable":
            pytest.skip(result["reason"])
        if result["verdict"] != "pass":
            raise NotHeld(self._text(result))

    def _text(self, result):
        if not result["finding"]:
            return f"{result['verdict']}: {result['reason']}"
        from rich.console import Console

        from bncheck.reports.finding import finding

        options = {name: self.config.getoption(f"--bncheck-{name}") for name in ("seed", "max-examples")}
        given = " ".join(f"--{name} {value}" for name, value in options.items())
        cells = [spec.name for spec in self.parent.specs]
        command = f"bncheck run {' '.join(cells)} --select {self.law.name} {given}"
        console = Console(file=io.StringIO(), width=100, highlight=False)
        console.print(finding(result, cells, self.law, command))
        return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip().splitlines())

    def repr_failure(self, excinfo, style=None):
        """The finding's text, without a traceback of bncheck's own."""
        return str(excinfo.value) if excinfo.errisinstance(NotHeld) else super().repr_failure(excinfo, style)

    def reportinfo(self):
        """Where pytest says that the test is."""
        return self.path, None, f"{self.parent.name}: {self.law.name}"


class NotHeld(Exception):
    """A law is broken on a cell, or could not be judged there."""


def _builds(config):
    """Tells on the terminal, past pytest's capture, how a cell's environment is built."""
    from bncheck.engine.campaign import Silent

    class Builds(Silent):
        def building(self, name, line):
            capture = config.pluginmanager.getplugin("capturemanager")
            reporter = config.pluginmanager.getplugin("terminalreporter")
            with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
                if reporter:
                    reporter.write_line(line)

    return Builds()
