from bncheck.cases.variants import agreement_example
from bncheck.engine.pair import Pair
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

CASE = agreement_example()


def pair():
    return Pair(reference_subject(name="one"), reference_subject(Traits(epsilon="outside"), name="other"))


def test_a_case_runs_on_both():
    one, other = (trace.state(2)[1]["gamma"] for trace in pair().run(CASE))
    assert (one != other).any()


def test_its_name_is_both_names():
    assert pair().name == "one ~ other"


def test_it_can_do_what_both_can_do():
    both = pair()
    both.second.transport.description = {"capabilities": ["fit", "levitation"]}
    assert both.capabilities == {"fit"}


def test_running_on_new_models_is_asked_of_both():
    both = pair()
    assert not both.plainly
    both.plainly = True
    assert both.first.plainly
    assert both.second.plainly


def test_cases_are_sent_ahead_to_both():
    both = pair()
    both.prefetch(case for case in [CASE])
    assert both.first.in_flight
    assert both.second.in_flight
    both.run(CASE)
    assert not both.first.in_flight
    assert not both.second.in_flight
