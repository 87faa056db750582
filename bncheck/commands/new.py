"""`bncheck new` writes the file of a new law, ready to fill in."""

import keyword
import re
from pathlib import Path
from pprint import pformat

import click

from bncheck import invariants
from bncheck.cases.case import Case
from bncheck.errors import UsageError
from bncheck.records import chosen
from bncheck.records import record as records

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
LINK = re.compile(r"https://[\x21\x23-\x5b\x5d-\x7e]+", re.ASCII)
MOST_LINES = 40
GENERAL = "layer_example([[0.0], [8.0]], layer=BatchNorm())"
FILE = '''"""TODO: a sentence

Why: TODO
"""

{imports}
from bncheck.cases.strategies import layer_cases
{variants}from bncheck.invariants import Origin
from bncheck.truth.compare import close
from bncheck.truth.expected import expected
from bncheck.truth.traits import Traits

ORIGIN = Origin({link!r}, affected={{}})  # TODO: the releases that were seen to break it
KIND = "reference"  # or {kinds}
NEEDS = {{"training"}}
CASES = layer_cases
EXAMPLES = [
    {example},
]


def check(subject, case):
    # TODO: compare what the law is about; the margin comes back, and a Violation is raised.
    trace, right = subject.run(case), expected(subject, case)
    return max(close("TODO", trace.y(i), right[i]["y"]) for i in [])


def mutant():
    return Traits()  # TODO: the traits of a subject that breaks it, as in bncheck/truth/traits.py
'''


@click.command()
@click.argument("name")
@click.option("--link", required=True, metavar="URL", help="Where the law comes from: the issue, question or paper.")
@click.option("--from", "source", nargs=2, metavar="RECORD FINDING", help="Take this finding's case as the example.")
def new(name, link, source):
    """Write the file of a law of that NAME, and say where it is; the tests then say what is missing.

    A FINDING is named as for `bncheck script`.

    \b
    Exit code: 0 written, 2 nothing was written.
    """
    folder = _checkout()
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"a law is named by a sentence in small letters, such as rows_permute, not {name!r:.60}")
    if not LINK.fullmatch(link):
        raise UsageError(f"--link is an address such as https://github.com/…/issues/1, not {link!r:.80}")
    text, path = _text(link, _case(*source) if source else None), folder / f"{name}.py"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"there is a law {name} already: {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    click.echo(f"{path}\nfill it in, and see what is missing: pytest tests/meta -k {name}")


def _checkout():
    """The folder of the laws.  Raises UsageError where bncheck does not run from its source."""
    folder = Path(invariants.__file__).parent
    if not (folder.parents[1] / "tests" / "meta" / "test_laws.py").is_file():
        raise UsageError(
            f"a law belongs into a checkout of bncheck's source, with its tests, and {folder} is none: "
            "clone it, and `pip install -e .`"
        )
    return folder


def _case(path, finding):
    found = records.read(path)
    case = Case.from_json(chosen.chosen(found, finding)[2]["case"])
    text = pformat(case.to_json(), width=110, compact=True, sort_dicts=False)
    if text.count("\n") >= MOST_LINES:
        raise UsageError(f"the case of {finding} is too large for a law's file: replay it with `bncheck run --case`")
    return text.replace("\n", "\n        ")


def _text(link, case):
    imports, variants = (
        "from bncheck.cases.network import BatchNorm",
        "from bncheck.cases.variants import layer_example\n",
    )
    example = GENERAL
    if case is not None:
        imports, variants, example = (
            "from bncheck.cases.case import Case",
            "",
            f"Case.from_json(\n        {case}\n    )",
        )
    kinds = ", ".join(kind for kind in invariants.KINDS if kind != "reference")
    return FILE.format(imports=imports, variants=variants, link=link, kinds=kinds, example=example)
