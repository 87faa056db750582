import numpy as np
import pytest
from scipy import stats

from bncheck import scenarios
from bncheck.cases.trace import Raised
from bncheck.errors import UnknownName
from bncheck.scenarios import DEPENDS, FAILS, HOLDS, OPEN, Found, digits, gamma_regression, lower, spread, verdict
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

EACH = pytest.mark.parametrize("scenario", scenarios.load_all().values(), ids=lambda scenario: scenario.name)
FIVE = ["gamma_regression", "linear_activation", "output_layer", "placement", "step_function"]


def short(scenario, *subjects, seeds=2, variants=None):
    chosen = variants or list(scenario.variants)
    copies = subjects or [reference_subject()]
    return scenarios.run(scenario, copies, seeds, variants=chosen, settings=scenario.short)


def verdicts(scenario, found):
    outcome = scenarios.outcome(scenario, "x", {"framework": "x", "version": "1"}, found, 1.0)
    return [claim["verdict"] for claim in outcome["claims"]]


def test_the_questions_that_began_this_project_are_there():
    assert list(scenarios.load_all()) == FIVE
    with pytest.raises(UnknownName, match="did you mean placement"):
        scenarios.load("placemen")


@EACH
def test_it_trains_each_variant_with_each_seed(scenario):
    found = short(scenario)
    assert found.missing == {}
    for variant in scenario.variants:
        drawn = [found.of(variant, curve.name).shape for curve in scenario.curves]
        assert set(drawn) - {(0,)} == {(2, scenario.short["epochs"])}
        numbers = [value for name in scenario.numbers for value in found.of(variant, name)]
        assert numbers
        assert np.isfinite(numbers).all()


@EACH
def test_every_claim_is_judged_once_all_variants_ran(scenario):
    assert set(verdicts(scenario, short(scenario))) <= {HOLDS, FAILS, DEPENDS}


@EACH
def test_a_claim_about_a_variant_that_did_not_run_is_open(scenario):
    one = next(iter(scenario.variants))
    assert OPEN in verdicts(scenario, short(scenario, variants=[one], seeds=1))


@EACH
def test_it_says_what_was_asked_what_was_published_and_why(scenario):
    assert scenario.title.endswith("?")
    assert len(scenario.setting) > 100
    assert len(scenario.why) > 300
    assert scenario.optional <= set(scenario.variants)
    for variant, published in scenario.published.items():
        assert variant in scenario.variants
        assert set(published) <= set(scenario.numbers)


@EACH
def test_the_same_seeds_give_the_same_numbers_however_many_train_side_by_side(scenario):
    one, two = (short(scenario, *[reference_subject() for _ in range(count)]) for count in (1, 2))
    assert one.runs == two.runs


def test_progress_is_told_of_each_training():
    told, scenario = [], scenarios.load("linear_activation")
    subjects, settings = [reference_subject()], scenario.short
    scenarios.run(scenario, subjects, 2, settings=settings, tell=lambda done, total: told.append((done, total)))
    assert told == [(i, 10) for i in range(1, 11)]


def test_an_optional_variant_runs_only_when_it_is_asked_for():
    scenario = scenarios.load("gamma_regression")
    found = scenarios.run(scenario, [reference_subject()], 1, settings=scenario.short)
    assert set(found.runs) == {"none", "all", "without the last"}


class Refusing:
    """The reference, but for one network."""

    def __init__(self, error):
        self.error, self.reference = error, reference_subject()

    def run(self, case):
        if len(case.network) == 1 and case.network[0].axis == 1:
            raise self.error
        return self.reference.run(case)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Raised("Unsupported", "NHWC only", 0, True), "not offered: step 0 raised Unsupported: NHWC only"),
        (SubjectDied("the worker died", None, None), "the worker died"),
    ],
)
def test_what_a_subject_cannot_train_is_missing_with_the_reason(error, reason):
    found = short(scenarios.load("placement"), Refusing(error))
    assert found.missing == {"channels first": reason}
    assert "channels last" in found.runs
    assert verdicts(scenarios.load("placement"), found)[-1] == OPEN


def test_seeds_by_position_are_what_moved_the_founding_question():
    scenario = scenarios.load("linear_activation")
    judged = {
        by: verdicts(scenario, short(scenario, reference_subject(Traits(initial_weights=by))))[3:]
        for by in ("by_layer", "by_position")
    }
    assert judged == {"by_layer": [HOLDS, HOLDS, HOLDS], "by_position": [FAILS, FAILS, HOLDS]}


def test_x_of_the_gamma_regression_is_that_of_scipy():
    np.random.seed(1)  # as the question does
    theirs = stats.gengamma(1, 70, loc=10, scale=100).rvs(size=50)
    assert gamma_regression.data(50, 1)[0].ravel().tolist() == theirs.astype(np.float32).tolist()


def test_over_all_seeds_over_none_or_over_some():
    assert [verdict(flags) for flags in ([True, True], [False, False], [True, False])] == [HOLDS, FAILS, DEPENDS]


def test_lower_compares_seed_by_seed():
    found = Found({"a": [{"n": 1.0}, {"n": 2.0}], "b": [{"n": 3.0}, {"n": 5.0}]})
    assert lower("n", "a", "b")(found) == (
        HOLDS,
        "1.500 (1.000 … 2.000) against 4.000 (3.000 … 5.000); in 2 of 2 seeds",
    )
    assert lower("n", "b", "a")(found)[0] == FAILS
    assert lower("n", "a", "b", times=2.8)(found)[0] == DEPENDS


@pytest.mark.parametrize(
    ("value", "text"), [(52.8232, "52.82"), (0.9022, "0.9022"), (0, "0.000"), (1.5e-8, "1.500e-08"), (2400, "2400")]
)
def test_a_number_has_four_digits(value, text):
    assert digits(value) == text


def test_one_value_has_no_range():
    assert (spread([0.5]), spread([3, 1, 2])) == ("0.5000", "2.000 (1.000 … 3.000)")
