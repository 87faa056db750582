"""The sound algorithms keep every law on a few cases; `nox -s soundness` runs a million checks."""

import json

import numpy as np
import pytest

from bncheck import invariants
from bncheck.cases.network import BatchNorm
from bncheck.cases.variants import layer_example
from bncheck.truth.reference_subject import direct_subject
from bncheck.truth.traits import Traits
from soundness.__main__ import main, row
from soundness.algorithms import ALGORITHMS, WIDER
from soundness.search import search, sound_subjects

LAWS = list(invariants.load_all().values())
CASE = layer_example([[0.0], [8.0], [1.0]], layer=BatchNorm(), dtype="float64")


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_computes_batch_norm(name):
    answer = direct_subject(maths=ALGORITHMS[name].maths).run(CASE)
    assert answer.y(3)[:, 0] == pytest.approx((np.array([0, 8, 1]) - 3) / np.sqrt(38 / 3 + 1e-3) * 2 + 0.5)
    assert answer.state(4)[0]["moving_variance"] == pytest.approx([0.9 * 4 + 0.1 * 38 / 3])


def test_a_mean_over_several_blocks_is_merged():
    rows = np.random.default_rng(0).normal(size=(2, 300)).astype(np.float32)
    welford = ALGORITHMS["welford"]
    mean, variance = welford.moments(rows, welford.total, np.asarray)
    assert mean[:, 0] == pytest.approx(rows.mean(axis=1), rel=1e-5)
    assert variance[:, 0] == pytest.approx(rows.var(axis=1), rel=1e-5)
    assert mean.dtype == variance.dtype == np.float32


def test_welfords_update_is_kept_wider_than_the_dtype():
    assert all(np.finfo(wide).eps < np.finfo(dtype).eps for dtype, wide in WIDER.items())


def test_both_estimators_are_among_the_subjects():
    found = {str(subject.conventions.plain()["running_variance"]) for subject in sound_subjects()}
    assert found == {"biased", "unbiased"}


def test_every_law_is_judged_and_none_is_broken():
    found = search(LAWS, sound_subjects()[:3], 0, 400)
    assert found.failures == []
    assert found.checks >= 400


def test_a_wrong_algorithm_is_a_failure_with_its_case():
    (law,) = invariants.select(["training_output_matches_reference"])
    wrong = direct_subject(Traits(epsilon="outside"), "wrong")
    found = search([law], [wrong], 0, 20)
    assert found.failures
    assert {failure["subject"] for failure in found.failures} == {"wrong"}
    json.dumps(found.failures)


def test_the_command_adds_each_seed_to_its_file_and_shows_all(tmp_path, capsys):
    file = tmp_path / "margins.json"
    for first in ("0", "1"):
        options = ["--first", first, "--seeds", "1", "--checks", "20", "--select", "rows_permute"]
        assert main([*options, "--json", str(file)]) == 0
    assert set(json.loads(file.read_text())) == {"0", "1"}
    out = capsys.readouterr().out
    assert "at 2 seeds: 0 failures" in out


def test_a_median_below_a_hundredth_is_called_slack_and_an_exact_law_is_not():
    assert row([0.005, 0.5, 0.004])[2] == "0.005 slack"
    assert row([0.5, 0.2, 0.0])[2:] == ("0.350", "33%")
    assert row([0.0, 0.0])[1:] == ("0", "–", "all")
    assert row([0.0] * 20 + [1e-3])[2] == "0.001"
