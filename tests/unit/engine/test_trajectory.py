import pytest

from bncheck import scenarios
from bncheck.engine import trajectory
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits


@pytest.fixture(scope="module")
def follow():
    """Follows the reference and another reference with these traits; rows by setting and group."""
    case, known = scenarios.load("linear_activation").trajectory(), {}

    def followed(**traits):
        key = tuple(traits.items())
        if key not in known:
            found = trajectory.follow(reference_subject(), reference_subject(Traits(**traits), "other"), case)
            assert found["subjects"] == ["reference", "other"]
            known[key] = {(row["setting"], row["group"]): row for row in found["rows"]}
        return known[key]

    return followed


def parted(rows, setting):
    found = {group: row for (each, group), row in rows.items() if each == setting}
    return {group: (row["parted"], row["because"]) for group, row in found.items()}


def test_equal_subjects_stay_together_for_fifty_steps(follow):
    rows = follow()
    assert parted(rows, "the same layer") == dict.fromkeys(trajectory.GROUPS, (None, ""))
    assert trajectory.STEPS[-1] == 50


def test_the_bound_grows_and_stays_far_below_one(follow):
    allowed = follow()["the same layer", "weights"]["allowed"]
    assert allowed == sorted(allowed)
    assert allowed[-1] < 1e-6


def test_the_estimator_parts_the_moving_variance_at_the_first_step_and_nothing_else(follow):
    found = parted(follow(running_variance="unbiased"), "the same layer")
    assert found["moving variance"] == (1, "running variance: biased and unbiased")
    assert (found["weights"], found["moving mean"]) == ((None, ""), (None, ""))


def test_epsilon_parts_the_weights_and_a_step_later_the_statistics(follow):
    found = parted(follow(), "epsilon 1e-5")
    assert {group: step for group, (step, _) in found.items()} == {
        "weights": 1,
        "moving mean": 2,
        "moving variance": 2,
    }
    assert {because for _, because in found.values()} == {"epsilon 1e-5"}


def test_momentum_never_parts_the_weights(follow):
    found = parted(follow(), "momentum 0.9")
    assert found["weights"] == (None, "")
    assert found["moving mean"] == (1, "momentum 0.9")


def test_what_no_convention_explains_is_unexplained(follow):
    assert parted(follow(epsilon="outside"), "the same layer")["weights"] == (1, "unexplained")
