"""`bncheck explain` says what a law or a trait is, why it matters, where it was seen, and what it looks like."""

import click
from rich.padding import Padding
from rich.text import Text

from bncheck import invariants
from bncheck.cases.arrays import number
from bncheck.commands.run import show
from bncheck.engine import pages
from bncheck.engine.examine import Budget, examine
from bncheck.engine.measure import departures
from bncheck.engine.pair import Pair
from bncheck.errors import UnknownName
from bncheck.records import record
from bncheck.reports.facts import facts
from bncheck.reports.finding import finding, labelled
from bncheck.truth.harms import AXES, harm
from bncheck.truth.probe import PAPERS, tells
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import LEGAL, values_of

MUTANT = "the reference with this fault"
ENOUGH = Budget(max_examples=30)


@click.command()
@click.argument("name", metavar="LAW|AXIS|VALUE")
def explain(name):
    """Say what a law, an axis of the traits, or a value such as "epsilon: floor" is, with numbers as an example."""
    laws = invariants.load_all()
    axis, _, value = (part.strip() for part in name.partition(":"))
    if name in laws:
        show(explanation(laws[name]))
    elif axis in LEGAL and value in values_of(axis):
        show(of_value(axis, value))
    elif name in LEGAL:
        show(of_axis(name))
    elif value:
        raise UnknownName("value", name, [f"{axis}: {value}" for axis in LEGAL for value in values_of(axis)])
    else:
        raise UnknownName("law or axis", name, [*laws, *LEGAL])


def explanation(law):
    """A law, as renderables."""
    yield from _headed(law.name, law.title)
    yield from _rows(rows(law))
    yield Text("an example of a failure", "bold")
    yield example(law)


def _headed(name, title):
    yield Text(name, "bold")
    yield Padding(Text(title), (0, 0, 1, 2))


def _rows(found):
    yield Padding(labelled(found), (0, 0, 1, 2))


def rows(law):
    """What there is to say of a law."""
    yield "why", law.why
    for origin in law.origin.each:
        yield "origin", origin.link
        if origin.note:
            yield "", origin.note
        if origin.affected:
            yield "affects", affected(origin)
    yield "kind", law.kind
    yield "needs", ", ".join(sorted(law.needs)) or "nothing"


def affected(origin):
    """The releases that a bug affects."""
    return ", ".join(f"{name} {versions}" for name, versions in origin.affected.items())


def example(law, traits=None):
    """The finding of a law on the reference with a fault; by default, with the one that the law is there to see."""
    traits = traits or law.mutant()
    broken = reference_subject(traits, name=MUTANT)
    subject = Pair(reference_subject(), broken) if law.differential else broken
    result = record.plain_result(examine(subject, [law], ENOUGH)[0])
    if not result["finding"]:
        return Text("none was found")
    result["finding"]["mechanism"] = "; ".join(f"{axis}: {value}" for axis, value in departures(traits))
    return finding(result, [subject.name])


def of_axis(axis):
    """An axis and its values, as renderables."""
    yield from _headed(axis, about(axis))
    for value, sentence in values_of(axis).items():
        yield from _headed(f"{axis}: {value}", sentence)
        yield from _rows(value_rows(axis, value))


def of_value(axis, value):
    """A value of an axis, as renderables."""
    yield from _headed(f"{axis}: {value}", values_of(axis)[value])
    yield from _rows([("axis", about(axis)), *value_rows(axis, value)])
    if value != getattr(PAPERS, axis):
        yield Text("an example", "bold")
        yield from numbers(axis, value)


def about(axis):
    """What an axis is about; of one that has no words of its own, what is right."""
    return AXES.get(axis) or f"Whether {LEGAL[axis][getattr(PAPERS, axis)]}."


def value_rows(axis, value):
    """What there is to say of a value."""
    if value == getattr(PAPERS, axis):
        yield "it is", "what the paper says (Ioffe and Szegedy 2015), or what the word means"
        return
    legal, said, laws = value in LEGAL[axis], harm(axis, value), pages.own_laws(axis, value)
    yield "it is", "a convention: `bncheck run` measures it, and holds the subject to it" if legal else "a defect"
    yield "it does", said.text or " ".join(dict.fromkeys(law.why for law in laws))
    bugs = [origin for law in laws for origin in law.origin.each if origin.affected]
    seen = said.seen or "; ".join(dict.fromkeys(map(affected, bugs)))
    yield "seen in", seen or "no release that was run"
    if said.link:
        yield "", said.link
    if not legal:
        yield "laws", ", ".join(pages.seen_by(axis, value)) or "none"
    yield (
        "measured",
        "`bncheck traits`, by cases of its own" if tells(axis, value) else "`bncheck traits`, by these laws",
    )


def numbers(axis, value):
    """Numbers with the value and without it; where the cases at hand show none, a law's finding."""
    found = pages.difference(axis, value)
    if not found:
        seen_by = pages.seen_by(axis, value)[:1]
        yield from (example(invariants.load_all()[law], PAPERS.but(**{axis: value})) for law in seen_by)
        return
    case = {"what": found.what, "where": list(found.where), "mechanism": "", "case": found.case.to_json()}
    both = {"actual": number(found.other), "expected": number(found.papers), "allowed": None}
    words = {"expected": "by the paper", "actual": f"with {value}"}
    shown = dict(facts({**case, **both}, "fail"))
    order = ("what", *words, "network", "input", "steps")
    yield from _rows([(words.get(label, label), shown[label]) for label in order if label in shown])
