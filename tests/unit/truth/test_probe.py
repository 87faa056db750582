import numpy as np
import pytest

from bncheck.cases.network import BatchNorm, Linear
from bncheck.cases.variants import layer_example, network_example
from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import WorkerDied
from bncheck.truth.expected import expected
from bncheck.truth.probe import SETTINGS, Conventions, measure
from bncheck.truth.reference_subject import ReferenceTransport, reference_subject
from bncheck.truth.traits import Traits


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
        raised = self.what.get(program["steps"][1]["x"].ndim)
        if raised in ("unsupported", "raises"):
            error = {"type": "ValueError", "message": "no", "step": 1, "unsupported": raised == "unsupported"}
            return {"steps": [{}], "raised": error}
        if raised == "dies":
            raise WorkerDied("dead")
        return {"steps": "nonsense"} if raised == "nonsense" else super()._run(program)


@pytest.mark.parametrize("value", ["biased", "unbiased"])
@pytest.mark.parametrize("precision", ["dtype", "single"])
def test_the_estimator_of_the_moving_variance_is_measured(value, precision):
    found = measure(reference_subject(Traits(running_variance=value, precision=precision)))
    assert found.traits == dict.fromkeys(SETTINGS, value)
    assert found.plain() == {"running_variance": value}


def test_an_estimator_that_depends_on_the_setting_is_told_for_each():
    found = measure(Subject("mixed", Mixed(Traits())))
    told = found.plain()["running_variance"]
    assert len(told) == len(SETTINGS)
    assert [name for name, value in told.items() if value == "unbiased"] == [
        "rank 4, channels last, float32",
        "rank 4, channels last, float64",
    ]


def test_what_no_variant_explains_is_unexplained():
    found = measure(reference_subject(Traits(running_variance="over_n_plus_one")))
    assert found.plain() == {"running_variance": "unexplained"}


def test_an_unexplained_estimator_is_held_to_the_paper():
    found = measure(reference_subject(Traits(running_variance="over_n_plus_one")))
    assert found.at(layer_example([[0.0], [8.0]], layer=BatchNorm())) == Traits()


def test_a_setting_that_is_not_offered_is_left_out():
    found = measure(Subject("broken", Broken({5: "unsupported"})))
    assert {rank for rank, *_ in found.traits} == {2, 3, 4}


@pytest.mark.parametrize("what", ["raises", "nonsense", "dies"])
def test_a_setting_that_fails_is_unexplained_and_the_others_are_measured(what):
    found = measure(Subject("broken", Broken({3: what})))
    assert {value for (rank, *_), value in found.traits.items() if rank == 3} == {"unexplained"}
    assert {value for (rank, *_), value in found.traits.items() if rank != 3} == {"biased"}


def test_conventions_hold_for_cases_of_their_setting():
    found = measure(Subject("mixed", Mixed(Traits())))
    image = np.zeros((2, 3, 3, 2))
    last, first = (layer_example(image, layer=BatchNorm(axis=axis)) for axis in (-1, 1))
    assert found.at(last) == Traits(running_variance="unbiased")
    assert found.at(first) == Traits()
    assert found.at(network_example(Linear())) == Traits()


def test_without_a_measurement_the_paper_holds():
    assert Conventions().at(layer_example([[0.0], [8.0]], layer=BatchNorm())) == Traits()
    assert Conventions().plain() == {"running_variance": "unexplained"}


def test_what_is_expected_of_a_subject_follows_its_conventions():
    case = layer_example([[0.0], [8.0]], layer=BatchNorm())
    subject = reference_subject(Traits(running_variance="unbiased"))
    before = expected(subject, case)[4]["state"][0]["moving_variance"].value[0]
    subject.conventions = measure(subject)
    after = expected(subject, case)[4]["state"][0]["moving_variance"].value[0]
    assert (before, after) == pytest.approx((0.9 * 4 + 0.1 * 16, 0.9 * 4 + 0.1 * 32))
