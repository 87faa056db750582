import numpy as np
import pytest

from bncheck.cases.network import BatchNorm, Linear
from bncheck.cases.variants import layer_example, network_example
from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import WorkerDied
from bncheck.truth.expected import expected
from bncheck.truth.probe import NOT_OFFERED, PAPERS, UNEXPLAINED, Conventions, measure, tells
from bncheck.truth.questions import NEEDED, QUESTIONS, SETTINGS
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import LEGAL, Traits, values_of

TOLD = [(axis, value) for axis in LEGAL for value in values_of(axis) if tells(axis, value)]
HERE = [question for question in QUESTIONS if "running_variance" in question.axes]


class Mixed(ReferenceTransport):
    """Unbiased at rank 4 with the channels behind, biased elsewhere, as tf.keras with its fused kernel."""

    def _run(self, program):
        rank, axis = program["steps"][1]["x"].ndim, program["network"][0]["axis"]
        self.traits = Traits(running_variance="unbiased" if (rank, axis) == (4, -1) else "biased")
        return super()._run(program)


class Broken(ReferenceTransport):
    """Answers, raises or dies, as it is told for each rank."""

    def __init__(self, what):
        super().__init__(Traits())
        self.what = what

    def _run(self, program):
        raised = self.what.get(next(step["x"].ndim for step in program["steps"] if "x" in step))
        if raised in ("unsupported", "raises"):
            error = {"type": "ValueError", "message": "no", "step": 1, "unsupported": raised == "unsupported"}
            return {"steps": [{}], "raised": error}
        if raised == "dies":
            raise WorkerDied("dead")
        return {"steps": "nonsense"} if raised == "nonsense" else super()._run(program)


class Fewer(ReferenceTransport):
    """Can do less than the reference."""

    def __init__(self, *capabilities):
        super().__init__(Traits())
        self.description = {**self.description, "capabilities": list(capabilities)}


def test_of_the_reference_everything_is_the_papers():
    found = measure(reference_subject()).plain()
    assert found == {axis: getattr(PAPERS, axis) for axis in found}
    assert set(found) == {axis for question in QUESTIONS for axis in question.axes}


@pytest.mark.parametrize(("axis", "value"), TOLD, ids=[f"{axis}: {value}" for axis, value in TOLD])
def test_a_value_is_found_and_no_other_axis_is_touched(axis, value):
    traits = PAPERS.but(**{axis: value})
    found = measure(reference_subject(traits)).plain()
    assert found == {each: getattr(traits, each) for each in found}


@pytest.mark.parametrize(
    "traits",
    [
        Traits(
            epsilon="floor", momentum_precision="single", running_variance="unbiased", initial_weights="by_position"
        ),
        Traits(variance="one_pass", training_gradient="uncentred"),
        Traits(variance="one_pass", precision="single"),
        Traits(running_variance="unbiased", precision="single", batch_of_one="refused"),
        Traits(frozen_output="batch", frozen_layer="updates", moving_average="swapped"),
        Traits(inference_statistics="batch", inference_gradient="batch", gamma_gradient="raw_input", epsilon="outside"),
    ],
    ids=str,
)
def test_several_at_once_are_told_apart(traits):
    found = measure(reference_subject(traits)).plain()
    assert found == {each: getattr(traits, each) for each in found}


def test_every_axis_that_is_asked_has_a_value_that_is_told():
    assert {axis for axis, _ in TOLD} == {axis for question in QUESTIONS for axis in question.axes}
    assert not tells("epsilon", "inside")


def test_a_value_that_depends_on_the_setting_is_told_for_each():
    found = measure(Subject("mixed", Mixed(Traits())), HERE)
    told = found.plain()["running_variance"]
    assert len(told) == len(SETTINGS)
    assert [name for name, value in told.items() if value == "unbiased"] == [
        "rank 4, channels last, float32",
        "rank 4, channels last, float64",
    ]


def test_what_no_value_explains_is_unexplained_and_other_axes_are_measured():
    subject = reference_subject(Traits(epsilon="outside"))
    run = subject.transport._run

    def doubled(program):
        answer = run(program)
        for step in answer["steps"]:
            for layer in step.get("state", ()):
                layer["moving_variance"] = 2 * layer["moving_variance"]
        return answer

    subject.transport._run = doubled
    found = measure(subject, NEEDED).plain()
    assert found["running_variance"] == UNEXPLAINED
    assert (found["epsilon"], found["moving_average"]) == ("outside", "plain")


def test_an_illegal_or_unexplained_value_is_no_convention():
    found = measure(reference_subject(Traits(running_variance="over_n_plus_one", epsilon="absent")))
    assert found.at(layer_example([[0.0], [8.0]], layer=BatchNorm())) == Traits()


def test_a_setting_that_is_not_offered_is_left_out():
    found = measure(Subject("broken", Broken({5: "unsupported"})), NEEDED)
    assert {rank for rank, *_ in found.found["running_variance"]} == {2, 3, 4}


def test_an_axis_that_is_offered_at_no_setting_is_told_so():
    found = measure(Subject("broken", Broken(dict.fromkeys((2, 3, 4, 5), "unsupported"))), NEEDED)
    assert set(found.plain().values()) == {NOT_OFFERED}


def test_what_needs_more_than_the_subject_can_do_is_not_offered():
    found = measure(Subject("fewer", Fewer("inference", "training"))).plain()
    assert found["frozen_layer"] == found["training_gradient"] == found["initial_weights"] == NOT_OFFERED
    assert (found["running_variance"], found["epsilon"]) == ("biased", "inside")


@pytest.mark.parametrize("what", ["raises", "nonsense", "dies"])
def test_a_setting_that_fails_is_unexplained_and_the_others_are_measured(what):
    found = measure(Subject("broken", Broken({3: what})), HERE).found["running_variance"]
    assert {value for (rank, *_), value in found.items() if rank == 3} == {UNEXPLAINED}
    assert {value for (rank, *_), value in found.items() if rank != 3} == {"biased"}


def test_in_float32_nothing_is_said_of_what_only_float64_tells():
    found = measure(reference_subject()).found
    assert {dtype for *_, dtype in found["precision"]} == {"float64"}
    assert {dtype for *_, dtype in found["rows"]} == {"float32", "float64"}


def test_conventions_hold_for_cases_of_their_setting():
    found = measure(Subject("mixed", Mixed(Traits())), HERE)
    image = np.zeros((2, 3, 3, 2))
    last, first = (layer_example(image, layer=BatchNorm(axis=axis)) for axis in (-1, 1))
    assert found.at(last) == Traits(running_variance="unbiased")
    assert found.at(first) == Traits()
    assert found.at(network_example(Linear())) == Traits()


def test_without_a_measurement_the_paper_holds():
    assert Conventions().at(layer_example([[0.0], [8.0]], layer=BatchNorm())) == Traits()
    assert Conventions().plain() == {}


CONVENTIONS = [
    (axis, value)
    for axis in LEGAL
    for value in LEGAL[axis]
    if value != getattr(PAPERS, axis) and any(axis in question.axes for question in NEEDED)
]


@pytest.mark.parametrize(("axis", "value"), CONVENTIONS)
def test_a_run_measures_every_convention(axis, value):
    traits = Traits(**{axis: value})
    found = measure(reference_subject(traits), NEEDED)
    assert found.at(layer_example([[0.0], [8.0]], layer=BatchNorm())) == traits


def test_what_is_expected_of_a_subject_follows_its_conventions():
    case = layer_example([[0.0], [8.0]], layer=BatchNorm())
    subject = reference_subject(Traits(running_variance="unbiased"))
    before = expected(subject, case)[4]["state"][0]["moving_variance"].value[0]
    subject.conventions = measure(subject, NEEDED)
    after = expected(subject, case)[4]["state"][0]["moving_variance"].value[0]
    assert (before, after) == pytest.approx((0.9 * 4 + 0.1 * 16, 0.9 * 4 + 0.1 * 32))
