"""The steps of the GitHub Action, run as GitHub would: its script, with a runner's variables and a `gh` of ours."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "action" / "gate.sh"
GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$RUNNER_TEMP/gh.log"
case "$*" in
  *--paginate*) cat "$RUNNER_TEMP/comments" 2> /dev/null || true ;;
  *"--method "*) cp "$RUNNER_TEMP/bncheck/comment.md" "$RUNNER_TEMP/posted"; exit "${GH_FAILS:-0}" ;;
esac
"""
LAWS = "--select rows_permute,inference_output_matches_reference --max-examples 3"


@pytest.fixture
def step(tmp_path):
    """Runs one step of the script, and gives the answer and the outputs so far."""
    folder = tmp_path / "bin"
    folder.mkdir()
    commands = {"gh": GH, "bncheck": f'#!/usr/bin/env bash\nexec "{sys.executable}" -m bncheck "$@"\n'}
    commands["python3"] = '#!/usr/bin/env bash\nprintf \'%s\\n\' "$*" >> "$RUNNER_TEMP/pip.log"\n'
    for name, text in commands.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    runner = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md"),
        "GITHUB_REPOSITORY": "a/b",
    }

    def run(name, **variables):
        environment = {**os.environ, **runner, **variables}
        answer = subprocess.run(
            [shutil.which("bash"), SCRIPT, name], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        lines = (tmp_path / "output").read_text().splitlines() if (tmp_path / "output").exists() else []
        return answer, dict(line.split("=", 1) for line in lines)

    return run


def gate(step, baseline="baseline.json", **more):
    return step("gate", SUBJECTS="reference", BASELINE=str(baseline), ARGUMENTS=f"{LAWS} {more.get('arguments', '')}")


@pytest.fixture
def baseline(step, tmp_path):
    """A baseline of the reference."""
    answer, _ = gate(step, arguments="--update")
    assert answer.returncode == 0, answer.stderr
    (tmp_path / "output").unlink()
    (tmp_path / "step.md").unlink()
    return tmp_path / "baseline.json"


def test_the_cache_has_a_key_for_the_subjects(step, tmp_path):
    answer, outputs = step("prepare", SUBJECTS="torch keras", BNCHECK="bncheck==0.1")
    assert answer.returncode == 0
    assert re.fullmatch("[0-9a-f]{12}", outputs["key"])
    assert Path(outputs["cache"]).is_dir()
    assert (tmp_path / "pip.log").read_text() == "-m pip install --quiet bncheck==0.1\n"


def test_nothing_moved_is_0_with_a_summary_a_record_and_sarif(step, baseline, tmp_path):
    answer, outputs = gate(step)
    assert answer.returncode == 0, answer.stderr
    assert outputs["code"] == "0"
    assert (tmp_path / "step.md").read_text().startswith("### ✓ bncheck gate")
    assert json.loads(Path(outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert json.loads(Path(outputs["record"]).read_text())["schema"] == 1
    assert step("verdict", CODE=outputs["code"])[0].returncode == 0


def test_what_moved_fails_the_last_step_alone(step, baseline, tmp_path):
    found = json.loads(baseline.read_text())
    found["cells"][0]["traits"]["running_variance"] = "unbiased"
    baseline.write_text(json.dumps(found))
    answer, outputs = gate(step)
    assert (answer.returncode, outputs["code"]) == (0, "1")
    assert "running_variance: unbiased → biased" in (tmp_path / "step.md").read_text()
    answer, _ = step("verdict", CODE="1")
    assert answer.returncode == 1
    assert "::error::" in answer.stdout


def test_what_could_not_complete_is_2_and_the_summary_says_why(step, tmp_path):
    answer, outputs = gate(step, "none.json")
    assert (answer.returncode, outputs["code"]) == (0, "2")
    assert "sarif" not in outputs
    text = (tmp_path / "step.md").read_text()
    assert text.startswith("### ! bncheck could not complete")
    assert "none.json cannot be read" in text
    assert step("verdict", CODE="2")[0].returncode == 2
    assert step("verdict")[0].returncode == 2


def test_there_is_one_comment(step, baseline, tmp_path):
    _, outputs = gate(step)
    variables = {"PULL": "7", "MARK": "abc", "SUMMARY": outputs["summary"]}
    assert step("comment", **variables)[0].returncode == 0
    assert "--method POST repos/a/b/issues/7/comments" in (tmp_path / "gh.log").read_text()
    assert (tmp_path / "posted").read_text().startswith("<!-- bncheck abc -->\n### ✓")
    (tmp_path / "comments").write_text("42\n43\n")
    assert step("comment", **variables)[0].returncode == 0
    assert "--method PATCH repos/a/b/issues/comments/42" in (tmp_path / "gh.log").read_text()


def test_a_token_that_may_not_comment_is_a_warning(step, baseline):
    _, outputs = gate(step)
    answer, _ = step("comment", PULL="7", MARK="abc", SUMMARY=outputs["summary"], GH_FAILS="1")
    assert answer.returncode == 0
    assert "::warning::" in answer.stdout


def test_the_action_runs_these_steps_in_this_order():
    text = (ROOT / "action.yml").read_text()
    assert re.findall(r"action/gate\.sh (\w+)", text) == ["prepare", "gate", "comment", "verdict"]
    # What a pull request may choose reaches the shell as a variable, never as text of a command.
    assert [line for line in text.splitlines() if "run:" in line and "inputs." in line] == []
