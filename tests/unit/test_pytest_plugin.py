"""``pytest --bncheck-cell``, on our own layer as the cell, in runs of pytest of its own."""

import json
import subprocess
import sys

import pytest

from bncheck.engine import campaign
from bncheck.invariants import load_all
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

pytest_plugins = ["pytester"]
ALONE = [name for name, law in load_all().items() if not law.differential]
BETWEEN = [name for name, law in load_all().items() if law.differential]
FEW = ("--bncheck-max-examples", "5", "-p", "no:cacheprovider")
CELL = ("--bncheck-cell", "reference")


@pytest.fixture
def wrong(monkeypatch):
    """The cell ``reference`` has its epsilon outside the root, and no freezing."""

    def opened(spec, tell):
        subject = reference_subject(Traits(epsilon="outside"), name=spec.name)
        subject.transport.description["capabilities"] = [
            name for name in subject.transport.description["capabilities"] if name != "freeze"
        ]
        return subject

    monkeypatch.setattr(campaign, "open_subject", opened)


@pytest.fixture
def examined(monkeypatch):
    """The laws of each examination that is made."""
    asked, run = [], campaign.run

    def spy(specs, laws, budget, **options):
        asked.append([law.name for law in laws])
        return run(specs, laws, budget, **options)

    monkeypatch.setattr(campaign, "run", spy)
    return asked


def test_a_test_is_collected_for_each_law(pytester):
    result = pytester.runpytest(*CELL, *FEW, "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [f"bncheck::reference::{name}" for name in ALONE]


def test_the_laws_hold_on_the_reference(pytester):
    result = pytester.runpytest(*CELL, *FEW, "-v")
    result.assert_outcomes(passed=len(ALONE))
    result.stdout.fnmatch_lines(["bncheck::reference::rows_permute PASSED*"])


def test_a_cells_laws_share_one_examination(pytester, examined):
    pytester.runpytest(*CELL, *FEW).assert_outcomes(passed=len(ALONE))
    assert examined == [ALONE]


def test_a_cell_is_a_scope_for_xdist(pytester):
    """It takes what stands before the last ``::`` of a test's id for its scope."""
    named = ("--bncheck-cell", "torch2.13", "--bncheck-select", "rows_permute,shift*,weights*")
    result = pytester.runpytest(*CELL, *FEW, *named, "--collect-only", "-q")
    scopes = [line.rpartition("::")[0] for line in result.outlines if "::" in line]
    assert scopes == ["bncheck::reference"] * 2 + ["bncheck::torch2.13"] * 2 + ["bncheck::reference~torch2.13"]


def test_laws_that_k_leaves_out_are_not_examined(pytester, examined):
    result = pytester.runpytest(*CELL, *FEW, "-k", "rows_permute or shift")
    result.assert_outcomes(passed=2, deselected=len(ALONE) - 2)
    assert examined == [["rows_permute", "shift_invariance"]]


def test_k_knows_the_cell(pytester):
    pytester.runpytest(*CELL, *FEW, "-k", "tf1.14", "--bncheck-select", "rows_permute").assert_outcomes(deselected=1)
    pytester.runpytest(*CELL, *FEW, "-k", "reference", "--bncheck-select", "rows_permute").assert_outcomes(passed=1)


def test_collecting_examines_nothing(pytester, examined):
    pytester.runpytest(*CELL, *FEW, "--collect-only")
    assert examined == []


def test_laws_are_selected_by_names_and_globs(pytester):
    options = ("--bncheck-select", "rows_permute,shift*", "--bncheck-select", "scale_invariance")
    result = pytester.runpytest(*CELL, *FEW, *options, "-v")
    result.assert_outcomes(passed=3)


def test_a_users_own_tests_run_beside_them(pytester):
    pytester.makepyfile("def test_mine():\n    pass\n")
    result = pytester.runpytest(*CELL, *FEW, "--bncheck-select", "rows_permute")
    result.assert_outcomes(passed=2)


def test_without_the_option_nothing_is_collected(pytester):
    pytester.makepyfile("def test_mine():\n    pass\n")
    pytester.runpytest(*FEW).assert_outcomes(passed=1)


def test_without_the_option_nothing_is_imported(pytester):
    pytester.makepyfile("import sys\ndef test_mine():\n    assert not {'numpy', 'rich'} & set(sys.modules)")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    result = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_a_broken_law_fails_with_its_finding_and_no_traceback(pytester, wrong):
    result = pytester.runpytest(*CELL, *FEW, "--bncheck-select", "training_output_matches_reference")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    for part in (
        "reference: training_output_matches_reference",
        "the output in training differs at [",
        "epsilon: outside (the output is divided by sqrt(variance) + epsilon)",
        "x=[[0.0], [8.0]]",
        "bncheck run reference --select training_output_matches_reference --seed 0 --max-examples 5",
    ):
        assert part in text
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text


def test_a_law_that_does_not_apply_is_skipped_with_the_reason(pytester, wrong):
    result = pytester.runpytest(*CELL, *FEW, "-rs", "-k", "frozen_layer_leaves")
    result.assert_outcomes(skipped=1, deselected=len(ALONE) - 1)
    result.stdout.fnmatch_lines(["SKIPPED*the subject does not offer freeze*"])


def test_a_law_without_a_verdict_fails_with_the_reason(pytester, monkeypatch):
    def run(specs, laws, budget, **options):
        result = {"invariant": laws[0].name, "verdict": "inconclusive", "reason": "seen once", "finding": None}
        return {"cells": [{"cell": "reference", "results": [result]}]}

    monkeypatch.setattr(campaign, "run", run)
    result = pytester.runpytest(*CELL, *FEW, "-k", "rows_permute")
    result.assert_outcomes(failed=1, deselected=len(ALONE) - 1)
    result.stdout.fnmatch_lines(["inconclusive: seen once"])


def test_a_cell_that_does_not_start_fails_each_of_its_tests_and_is_tried_once(pytester, monkeypatch):
    from bncheck.errors import UsageError

    tried = []

    def opened(spec, tell):
        tried.append(spec.name)
        tell("building the cell")
        raise UsageError("no such interpreter; name another")

    monkeypatch.setattr(campaign, "open_subject", opened)
    result = pytester.runpytest(*CELL, *FEW, "-k", "rows_permute or shift")
    result.assert_outcomes(failed=2, deselected=len(ALONE) - 2)
    result.stdout.fnmatch_lines(["*building the cell", "no such interpreter; name another"])
    assert tried == ["reference"]


def test_the_seed_and_the_number_of_examples_reach_the_examination(pytester, monkeypatch):
    budgets, run = [], campaign.run
    monkeypatch.setattr(campaign, "run", lambda *args, **kwargs: budgets.append(args[2]) or run(*args, **kwargs))
    pytester.runpytest(*CELL, "--bncheck-max-examples", "3", "--bncheck-seed", "7", "-k", "rows_permute")
    assert [(budget.max_examples, budget.seed) for budget in budgets] == [(3, 7)]


def test_two_cells_have_the_laws_between_them_too(pytester, monkeypatch):
    from bncheck.subjects import resolve

    specs = [resolve.Spec(name, resolve.REFERENCE) for name in ("one", "other")]
    monkeypatch.setattr(resolve, "resolve", lambda names: specs)
    result = pytester.runpytest("--bncheck-cell", "one", "--bncheck-cell", "other", *FEW, "-v")
    result.assert_outcomes(passed=2 * len(ALONE) + len(BETWEEN))
    for name in BETWEEN:
        result.stdout.fnmatch_lines([f"bncheck::one~other::{name} PASSED*"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bncheck-cell", "referense"), "*no cell or framework is called 'referense': did you mean reference?"),
        ((*CELL, "--bncheck-select", "row_permute"), "*no law is called 'row_permute': did you mean rows_permute*"),
        ((*CELL, "--bncheck-max-examples", "0"), "*--bncheck-max-examples is 1 or more"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(pytester, options, message):
    result = pytester.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_ctrl_c_ends_the_run(pytester, monkeypatch):
    monkeypatch.setattr(campaign, "run", lambda *args, **kwargs: {"cells": [{"results": []}], "interrupted": True})
    assert pytester.runpytest(*CELL, *FEW, no_reraise_ctrlc=True).ret == pytest.ExitCode.INTERRUPTED


def test_failures_are_in_a_junit_report(pytester, wrong):
    pytester.runpytest(*CELL, *FEW, "--bncheck-select", "training_output*", "--junitxml", "report.xml")
    text = (pytester.path / "report.xml").read_text()
    assert 'classname="bncheck.reference"' in text
    assert 'name="training_output_matches_reference"' in text
    assert "the output in training differs" in json.dumps(text)
