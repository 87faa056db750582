import numpy as np
import pytest

from bncheck.cases.case import Case, Forward, State
from bncheck.cases.network import BatchNorm, Dropout
from bncheck.cases.trace import Raised
from bncheck.cases.variants import layer_example
from bncheck.truth import reference
from bncheck.truth.compare import Violation, close
from bncheck.truth.reference_subject import CAPABILITIES, reference_subject
from bncheck.truth.traits import Traits

CASE = layer_example([[0.0], [8.0]], layer=BatchNorm())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_answers_in_the_cases_own_dtype(dtype):
    case = layer_example([[0.0], [8.0]], layer=BatchNorm(), dtype=dtype)
    trace = reference_subject().run(case)
    arrays = [trace.y(1), trace.dx(1), *trace.params(1)[0].values(), *trace.state(4)[0].values()]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_it_is_within_the_bounds_of_the_exact_reference():
    trace, right = reference_subject().run(CASE), reference.run(CASE)
    assert close("output", trace.y(3), right[3]["y"]) <= 1


def test_a_mutant_is_not():
    trace, right = reference_subject(Traits(epsilon="outside")).run(CASE), reference.run(CASE)
    with pytest.raises(Violation):
        close("output", trace.y(3), right[3]["y"])


def test_it_does_not_offer_dropout_that_drops():
    case = Case((Dropout(0.5),), (Forward(np.ones((2, 1), np.float32), True), State()))
    with pytest.raises(Raised) as raised:
        reference_subject().run(case).y(0)
    assert raised.value.unsupported


def test_what_it_refuses_is_raised_and_not_unsupported():
    case = layer_example([[8.0]], layer=BatchNorm())
    with pytest.raises(Raised, match="one value a channel") as raised:
        reference_subject(Traits(batch_of_one="refused")).run(case).y(3)
    assert not raised.value.unsupported


def test_it_describes_itself_as_any_subject():
    subject = reference_subject(name="ours")
    assert subject.name == "ours"
    assert subject.capabilities == set(CAPABILITIES)
    assert subject.description["framework"] == "reference"
    assert subject.description["dtypes"] == ["float32", "float64"]
    assert {"version", "python", "packages"} <= set(subject.description)
    subject.close()
