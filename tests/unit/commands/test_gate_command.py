import os
import re
import signal
import threading

import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.engine import campaign
from bncheck.engine.gate import Keeping
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.subjects import provision
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

MUTANTS = {"tf1.14": Traits(epsilon="floor"), "tf2.0": Traits(), "torch2.13": Traits(running_variance="unbiased")}
LAWS = ["--select", "inference_output*,moving_variance_matches*", "--max-examples", "5"]


@pytest.fixture(autouse=True)
def opened(tmp_path, monkeypatch):
    """Cells are the reference with traits of ours; tf1.15 cannot be built; and what was opened."""
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "300")
    names = []

    def open_subject(spec, tell):
        names.append(spec.name)
        if spec.name == "tf1.15":
            raise UsageError("tf1.15 could not be built: no matching wheel")
        return reference_subject(MUTANTS.get(spec.name, Traits()), name=spec.name)

    monkeypatch.setattr(campaign, "open_subject", open_subject)
    return names


@pytest.fixture
def interrupt(monkeypatch):
    """Presses Ctrl-C, and waits until that is noticed: a cell may be done before the main thread has its turn."""
    noticed, stopping = threading.Event(), Keeping.stopping
    monkeypatch.setattr(Keeping, "stopping", lambda keeping: stopping(keeping) or noticed.set())

    def press():
        os.kill(os.getpid(), signal.SIGINT)
        assert noticed.wait(60)

    return press


def gate(*arguments, laws=LAWS):
    return CliRunner().invoke(main, ["gate", *map(str, arguments), *laws])


def test_nothing_moved_is_0():
    answer = gate("tf2.0", "tf2.0")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1].startswith("nothing moved in 2 laws, ")


def test_a_law_that_is_newly_broken_is_1_and_one_newly_kept_too():
    for subjects, said in ((("tf2.0", "tf1.14"), "new: an epsilon below"), (("tf1.14", "tf2.0"), "gone: an epsilon")):
        answer = gate(*subjects)
        assert answer.exit_code == 1
        assert said in answer.stdout


def test_a_convention_that_moved_is_1():
    answer = gate("tf2.0", "torch2.13")
    assert answer.exit_code == 1
    assert "running_variance: biased → unbiased" in answer.stdout


def test_a_cell_is_run_once_and_its_record_kept(opened, tmp_path):
    assert gate("tf2.0", "tf2.0").exit_code == 0
    first = gate("tf2.0", "torch2.13")
    assert opened == ["tf2.0", "torch2.13"]
    assert gate("tf2.0", "torch2.13").stdout == first.stdout
    assert opened == ["tf2.0", "torch2.13"]
    gate("tf2.0", "tf2.0", "--seed", "1")
    gate("tf2.0", "tf2.0", laws=["--select", "rows_permute", "--max-examples", "5"])
    assert opened[2:] == ["tf2.0", "tf2.0"]
    for path in (provision.cache().parent / "records").iterdir():
        path.write_text("{broken")
    assert gate("tf2.0", "torch2.13").stdout == first.stdout


@pytest.mark.parametrize("cells", [("tf2.0", "tf1.14"), ("tf1.14", "tf2.0")])
def test_an_interrupted_gate_goes_on_where_it_was(opened, monkeypatch, interrupt, cells):
    def interrupting(spec, tell):
        if spec.name == "tf1.14":
            interrupt()
        return whole(spec, tell)

    whole = campaign.open_subject
    monkeypatch.setattr(campaign, "open_subject", interrupting)
    assert gate(*cells).exit_code == 130
    first = list(opened)
    monkeypatch.setattr(campaign, "open_subject", whole)
    assert gate(*cells).exit_code == 1
    done = first[: first.index("tf1.14")]
    assert opened[len(first) :] == [name for name in cells if name not in done]


def test_a_cell_that_was_stopped_in_its_last_step_is_not_kept(opened, monkeypatch, interrupt):
    def stopping(subject):
        interrupt()
        return numbers(subject)

    numbers = campaign.numbers
    monkeypatch.setattr(campaign, "numbers", stopping)
    assert gate("tf2.0", "tf2.0").exit_code == 130
    monkeypatch.setattr(campaign, "numbers", numbers)
    assert gate("tf2.0", "tf2.0").exit_code == 0
    assert opened == ["tf2.0", "tf2.0"]


@pytest.mark.parametrize(
    ("laws", "says"),
    [
        (["--ignore", "*"], "there is no law to judge"),
        (
            ["--select", "weights_port_in_inference"],
            "there is no law to judge: a gate asks one subject, weights_port_in_inference two",
        ),
    ],
)
def test_without_a_law_of_one_subject_there_is_no_gate(laws, says):
    answer = gate("tf2.0", "tf2.0", laws=laws)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (2, "", f"bncheck: {says}\n")


def test_what_is_not_pinned_is_run_each_time(opened):
    for _ in range(2):
        assert gate("reference", "tf2.0").exit_code == 0
    assert opened == ["reference", "tf2.0", "reference"]


def test_records_stand_for_subjects(opened, tmp_path):
    gate("tf2.0", "tf1.14", "--record", tmp_path / "new.json")
    opened.clear()
    answer = gate(tmp_path / "new.json", tmp_path / "new.json")
    assert (answer.exit_code, opened) == (0, [])


def test_a_baseline_is_made_compared_with_and_made_anew(tmp_path):
    baseline = tmp_path / "baseline.json"
    assert gate("tf2.0", "--baseline", baseline).exit_code == 2
    assert gate("tf2.0", "--baseline", baseline, "--update").exit_code == 0
    assert gate("tf2.0", "--baseline", baseline).exit_code == 0
    assert gate("tf1.14", "--baseline", baseline).exit_code == 1
    assert gate("tf1.14", "--baseline", baseline, "--update").exit_code == 0
    assert gate("tf1.14", "--baseline", baseline).exit_code == 0
    assert record.read(baseline)["cells"][0]["cell"] == "tf1.14"


def test_a_baseline_of_several_cells(tmp_path):
    baseline = tmp_path / "baseline.json"
    assert gate("tf2.0", "torch2.13", "--baseline", baseline, "--update").exit_code == 0
    answer = gate("torch2.13", "tf2.0", "--baseline", baseline)
    assert answer.exit_code == 0
    assert answer.stdout.count("nothing moved") == 2
    assert gate("torch2.13", "--baseline", baseline).exit_code == 2


def test_a_baseline_of_other_laws_is_told_and_can_be_made_anew(tmp_path):
    baseline = tmp_path / "baseline.json"
    gate("tf2.0", "--baseline", baseline, "--update")
    other = ["--select", "rows_permute", "--max-examples", "5"]
    answer = gate("tf2.0", "--baseline", baseline, laws=other)
    assert answer.exit_code == 2
    assert "of different laws" in answer.stderr
    assert gate("tf2.0", "--baseline", baseline, "--update", laws=other).exit_code == 0
    assert gate("tf2.0", "--baseline", baseline, laws=other).exit_code == 0


def test_what_could_not_be_examined_is_2_and_the_baseline_stays(tmp_path):
    baseline = tmp_path / "baseline.json"
    answer = gate("tf1.15", "--baseline", baseline, "--update")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == ["tf1.15: tf1.15 could not be built: no matching wheel"]
    assert not baseline.exists()


def test_the_summary_and_reports_are_written(tmp_path):
    answer = gate("tf2.0", "tf1.14", "--summary", tmp_path / "s.md", "--report", f"junit={tmp_path / 'j.xml'}")
    assert answer.exit_code == 1
    assert (tmp_path / "s.md").read_text().startswith("### ✗ bncheck gate")
    assert "<testsuites>" in (tmp_path / "j.xml").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tf2.0"], "two are compared, OLD and NEW"),
        (["tf2.0", "tf2.0", "tf2.0"], "here are 3"),
        (["tf2.0", "tf2.1x"], "did you mean"),
        (["tf2.0", "--update"], "--update writes a baseline"),
        (["tf2.0", "--baseline", "/none.json"], "cannot be read"),
        (["tf2.0", "--baseline", "/none/none.json", "--update"], "there is no folder"),
        (["tf2.0", "tf2.0", "--summary", "/"], "is a folder"),
        (["tf2.0", __file__], "is not JSON"),
        (["tf2.0", "torch2.13", "--python", "/none/python"], "there is no such file"),
    ],
)
def test_bad_input_is_one_line_and_2(arguments, says):
    answer = gate(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert re.search(says, answer.stderr)
    assert len([line for line in answer.stderr.splitlines() if line.startswith("bncheck: ")]) == 1
