import pytest

from bncheck import invariants
from bncheck.cases.case import Forward
from bncheck.engine import measure
from bncheck.engine.measure import HIDDEN, by_laws, departures, measure_all
from bncheck.truth import probe
from bncheck.truth.probe import NOT_OFFERED, PAPERS, UNEXPLAINED
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import ILLEGAL, Traits

DEFECTS = [(axis, value) for axis, values in ILLEGAL.items() for value in values]

BY_LAWS = {axis for _, axis, _ in by_laws()}


@pytest.fixture
def no_questions(monkeypatch):
    """The probe asks nothing, so that all has to come from the laws' examples."""
    ask = probe.measure
    monkeypatch.setattr(measure.probe, "QUESTIONS", ())
    monkeypatch.setattr(measure.probe, "measure", lambda subject: ask(subject, ()))


def kept(law):
    """A law with its mutant's own axis for the only thing that is asked."""
    return lambda: {law: invariants.load_all()[law]}


@pytest.mark.parametrize(("axis", "value"), DEFECTS, ids=[f"{axis}: {value}" for axis, value in DEFECTS])
def test_every_defect_is_found_and_no_other_is_named(axis, value):
    found = measure_all(reference_subject(Traits(**{axis: value}))).plain()
    own = found.pop(axis)
    # A question tells a value from every other; a law may not tell its mutant from a value that is like it.
    right = {value} if probe.tells(axis, value) else set(ILLEGAL[axis])
    assert right & set(own.values() if isinstance(own, dict) else [own])
    others = {each: said for each, said in found.items() if said != getattr(PAPERS, each)}
    assert set(others) <= BY_LAWS
    assert set(map(str, others.values())) <= {UNEXPLAINED, HIDDEN}


@pytest.mark.parametrize(
    "law", [law for law in invariants.load_all().values() if not law.differential], ids=lambda law: law.name
)
def test_a_law_tells_its_mutants_value_where_no_question_does(law, no_questions, monkeypatch):
    ((axis, value),) = departures(law.mutant())
    monkeypatch.setattr(measure, "load_all", kept(law.name))
    assert measure_all(reference_subject(law.mutant())).plain() == {axis: value}
    assert measure_all(reference_subject()).plain() == {axis: getattr(PAPERS, axis)}


def test_laws_are_asked_only_where_no_question_tells():
    assert all(not probe.tells(axis, value) for _, axis, value in by_laws())


def test_the_laws_of_one_axis_are_told_apart(no_questions, monkeypatch):
    found = measure_all(reference_subject(Traits(variance="one_pass"))).plain()
    assert set(found["variance"].values()) == {"one_pass", "two_pass"}


def test_what_another_defect_hides_is_told_so(no_questions, monkeypatch):
    monkeypatch.setattr(measure, "load_all", kept("moving_variance_matches_reference"))
    found = measure_all(reference_subject(Traits(moving_average="swapped")))
    assert found.plain() == {"running_variance": HIDDEN}


def test_what_nothing_explains_is_unexplained(no_questions, monkeypatch):
    monkeypatch.setattr(measure, "load_all", kept("moving_variance_matches_reference"))
    found = measure_all(reference_subject(Traits(moving_average="cumulative")))
    assert found.plain() == {"running_variance": UNEXPLAINED}


def test_what_a_subject_cannot_do_is_not_offered(no_questions, monkeypatch):
    monkeypatch.setattr(measure, "load_all", kept("training_gradient_matches_reference"))
    subject = reference_subject()
    subject.transport.description = {**subject.description, "capabilities": ["training"]}
    assert measure_all(subject).plain() == {"training_gradient": NOT_OFFERED}


def test_what_a_law_finds_stands_beside_what_the_questions_found(monkeypatch):
    """A value that shows on one law's example alone is told with the law's name, and the settings keep theirs."""

    class TwoRows(ReferenceTransport):
        def _run(self, program):
            two_rows = any("x" in step and len(step["x"]) == 2 for step in program["steps"])
            self.traits = Traits(variance="uncentred") if two_rows else Traits()
            return super()._run(program)

    tells = probe.tells
    monkeypatch.setattr(measure, "load_all", kept("shift_invariance"))
    monkeypatch.setattr(measure.probe, "tells", lambda axis, value: value != "uncentred" and tells(axis, value))
    subject = reference_subject()
    subject.transport = TwoRows(Traits())
    told = measure_all(subject).plain()["variance"]
    assert told.pop("shift_invariance") == "uncentred"
    assert set(told.values()) == {"two_pass"}
    case = invariants.load_all()["shift_invariance"].examples[0]
    assert case.where(Forward) is not None
    assert subject.conventions.at(case) == PAPERS
