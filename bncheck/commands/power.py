"""`bncheck power` holds the laws to subjects that are wrong on purpose, and says what they see."""

import json
import sys
from fnmatch import fnmatchcase

import click

from bncheck import invariants
from bncheck.commands.run import BROKEN, HOLDS, IGNORE, MAX_EXAMPLES, SELECT, names, show
from bncheck.engine import power as measure
from bncheck.engine.examine import Budget
from bncheck.errors import UnknownName
from bncheck.reports import power as report
from bncheck.reports import progress
from bncheck.truth import mutants as bank


@click.command()
@click.argument("mutants", nargs=-1, metavar="[MUTANT]...")
@SELECT
@IGNORE
@MAX_EXAMPLES
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first seed.")
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="How many seeds.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def power(mutants, select, ignore, max_examples, seed, seeds, as_json):
    """Say which laws see each MUTANT, with which mechanism, and how small a fault is seen.

    A MUTANT is a name or a glob: of a defect ("epsilon: *"), of a fault (rows_tail_of_8), or of a fault with a size
    (moving_variance), which is made smaller until no law sees it.  All of them by default.  The laws by mutants are
    those of the first seed; at the others it is asked whether any law sees a mutant.

    \b
    Exit code: 0 every mutant is seen at every seed, 1 one is not, 2 wrong usage.
    """
    laws = invariants.select(names(select), names(ignore))
    single, sized = _chosen(mutants)
    with progress.shown() as shown:
        found = measure.power(single, sized, laws, Budget(max_examples, seed=seed), seeds, tell=shown.running)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        show(report.report(found))
    sys.exit(BROKEN if any(report.unseen(mutant) for mutant in found["mutants"]) else HOLDS)


def _chosen(patterns):
    """The mutants and the faults with a size whose names match one of the patterns, all where there is none."""
    single, sized = bank.load_all(), bank.load_sized()
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in (*single, *sized)):
            raise UnknownName("mutant", pattern, [*single, *sized])
    wanted = patterns or ("*",)
    return [[each for name, each in of.items() if any(fnmatchcase(name, p) for p in wanted)] for of in (single, sized)]
