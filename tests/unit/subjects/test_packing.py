import numpy as np
import pytest
from sweep import drawn

from bncheck.cases.case import AT_ONCE, Fit, Forward, Freeze
from bncheck.cases.network import BatchNorm, Linear
from bncheck.cases.strategies import layer_cases
from bncheck.cases.variants import inference_variant, layer_example, network_example, training_variant
from bncheck.invariants import asked, load_all
from bncheck.subjects.packing import NUMBERS, at_once, pack, unpack
from bncheck.truth import reference
from bncheck.truth.compare import close
from bncheck.truth.reference_subject import reference_subject

LAWS = [law for law in load_all().values() if law.cases is layer_cases]


def example(values=(0.0, 8.0), channels=1, **options):
    x = np.array(values).reshape(-1, 1) + np.arange(channels)
    return layer_example(x, **{"layer": BatchNorm(), **options})


def sizes(cases):
    return sorted(len(members) for _, members in pack(cases))


def test_cases_that_differ_in_their_channels_stand_side_by_side():
    (packed, members), *rest = pack([example(channels=3), example((1.0, 2.0), channels=5)])
    assert not rest
    assert packed.shape == (2, 8)
    assert packed.steps[0].state[0]["gamma"].shape == (8,)
    assert [case.shape[1] for case in members] == [3, 5]
    assert packed.steps[1].x[:, 3:].tolist() == members[1].first_x.tolist()


def test_channels_stand_side_by_side_along_their_own_axis():
    x = np.zeros((2, 3, 4, 4))
    cases = [layer_example(x, layer=BatchNorm(axis=1)), layer_example(x[:, :1], layer=BatchNorm(axis=1))]
    ((packed, _),) = pack(cases)
    assert packed.shape == (2, 4, 4, 4)


@pytest.mark.parametrize(
    "other",
    [
        example((0.0, 8.0, 1.0)),
        example(layer=BatchNorm(eps=1e-5)),
        example(layer=BatchNorm(axis=1)),
        example(dtype="float64"),
        example(layer=BatchNorm(scale=False)),
        example().but(steps=example().steps[:3]),
        example().but(fresh=True),
        training_variant(example(), example().first_x),
        inference_variant(example(), example().first_x),
        network_example(Linear()),
        example().but(steps=(*example().steps, Freeze(0, False))),
        example().but(steps=(*example().steps, Fit(example().first_x, example().first_x))),
        layer_example(np.zeros((2, 1, 1)), layer=BatchNorm()),
    ],
)
def test_cases_that_differ_in_anything_else_stand_alone(other):
    assert sizes([example(), other]) == [1, 1]


def test_a_case_alone_is_not_changed():
    case = example()
    assert pack([case]) == [(case, (case,))]


def test_a_case_repeats_itself_beside_one_that_goes_on():
    once = training_variant(example(channels=2), example(channels=2).first_x)
    longer = example((1.0, 2.0), channels=3)
    longer = longer.but(steps=(*training_variant(longer, longer.first_x).steps, *[Forward(longer.first_x, True)] * 2))
    assert sizes([once, longer]) == [1, 1]
    ((whole, members),) = pack([once, longer], repeating=True)
    assert members == (longer, once)
    assert len(whole.steps) == len(longer.steps)
    assert all(whole.steps[i].x[:, 3:].tolist() == once.first_x.tolist() for i in whole.where(Forward))
    assert whole.steps[1].x is whole.steps[3].x
    assert [len(trace.steps) for trace in unpack(reference_subject().run(whole), members)] == [5, 3]


@pytest.mark.parametrize(
    "further", [Forward(np.ones((3, 1)), True), Forward(np.full((2, 1), np.nan), True), Forward(np.ones((2, 1)), False)]
)
def test_a_case_does_not_stand_beside_one_that_goes_on_with_something_else(further):
    once = training_variant(example(), example().first_x)
    assert len(pack([once, once.but(steps=(*once.steps, further))], repeating=True)) == 2


def test_nothing_packs_into_nothing():
    assert pack([]) == []


def test_no_case_is_lost():
    cases = [example((0.0, i), channels=1 + i % 3) for i in range(1, 9)] + [network_example(Linear())]
    assert sorted(c.digest for _, members in pack(cases) for c in members) == sorted(c.digest for c in cases)


def test_cases_of_one_form_are_asked_at_once_in_the_order_in_which_the_first_of_them_came():
    several = [example((0.0, i), channels=1 + i) for i in range(AT_ONCE + 1)]
    longer, other = example().but(steps=(*example().steps, *example().steps[-2:])), example((0.0, 8.0, 1.0))
    networks = [network_example(Linear()), network_example(Linear(), Linear())]
    found = at_once([several[0], other, *networks, longer, *several[1:]])
    assert found == [[several[0], longer, *several[1:3]], several[3:], [other], [networks[0]], [networks[1]]]


def test_fewer_large_cases_are_asked_at_once():
    x = np.zeros((NUMBERS // 3, 1))
    cases = [layer_example(x + i, layer=BatchNorm()) for i in range(5)]
    assert at_once(cases) == [cases[:3], cases[3:]]
    cases = [layer_example(np.zeros((NUMBERS + i, 1)), layer=BatchNorm()) for i in (1, 1)]
    assert at_once(cases) == [cases[:1], cases[1:]]


@pytest.mark.parametrize("seed", range(3))
def test_drawn_cases_that_are_asked_at_once_stand_side_by_side(seed):
    cases = drawn(layer_cases, seed, 100)
    found = at_once(cases)
    assert sorted(c.digest for some in found for c in some) == sorted(c.digest for c in cases)
    assert len(found) < 60
    for some in found:
        assert len(pack([training_variant(case, case.first_x) for case in some])) == 1


def test_cases_that_are_packed_at_once_share_what_they_have_in_common():
    one, other = example(channels=2), example((1.0, 2.0))
    variants = [training_variant(case, case.first_x) for case in (one, other)]
    (whole, _), (trained, _) = pack([one, other, *variants])
    assert trained.first_x is whole.first_x
    for name, array in whole.steps[0].state[0].items():
        assert trained.steps[0].state[0][name] is array


def arrays(found, right):
    """The numbers of a trace beside the balls of the reference."""
    for i, step in enumerate(right):
        for name, ball in step.items():
            if name in ("y", "dx"):
                yield found.array(i, name), ball
            else:
                own = found.params(i) if name == "params" else found.state(i)
                yield from ((own[0][key], value) for key, value in ball[0].items())


@pytest.mark.parametrize("repeating", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_case_has_the_same_numbers_packed_and_alone_within_its_bounds(seed, repeating):
    """With all the variants that the laws ask for beside it, and those of the cases that are asked at once."""
    subject, packed_at_least_once = reference_subject(), 0
    for some in at_once(drawn(layer_cases, seed, 25)):
        cases = {each.digest: each for each in asked(LAWS, some)[0]}
        for whole, members in pack(cases.values(), repeating):
            packed_at_least_once += len(members) > 1
            together = unpack(subject.run(whole), members)
            for member, trace in zip(members, together, strict=True):
                for actual, ball in arrays(trace, reference.run(member)):
                    assert close("number", actual, ball) <= 1
    assert packed_at_least_once > 20
