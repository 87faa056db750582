import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bncheck.commands import main
from bncheck.commands.run import exit_code
from bncheck.engine import campaign
from bncheck.errors import UsageError
from bncheck.invariants import load_all
from bncheck.records import record
from bncheck.subjects import provision
from bncheck.subjects.subject import SubjectDied
from bncheck.truth.reference_subject import reference_subject
from bncheck.truth.traits import Traits

LAW = "linear_activation_keeps_initial_weights"
MUTANTS = {"tf1.14": Traits(initial_weights="by_position"), "tf2.0": Traits(), "torch2.13": Traits()}

ALONE = [law for law in load_all().values() if not law.differential]
BETWEEN = [law for law in load_all().values() if law.differential]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def mutants(monkeypatch):
    """Cells are the reference with traits of ours; tf1.15 cannot be built."""

    def opened(spec, tell):
        if spec.name == "tf1.15":
            raise UsageError("tf1.15 could not be built: tensorflow: no matching wheel\nthe whole log: there")
        return reference_subject(MUTANTS[spec.name], name=spec.name)

    monkeypatch.setattr(campaign, "open_subject", opened)


def run(*arguments):
    return CliRunner().invoke(main, ["run", "--max-examples", "5", *map(str, arguments)])


def test_all_laws_hold_is_0():
    answer = run("reference")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0].split() == ["law", "reference"]
    assert "need two subjects" in answer.stdout


def test_a_finding_is_1(mutants):
    answer = run("tf1.14", "tf2.0", "--select", "linear*,weights*")
    assert answer.exit_code == 1
    assert f"✗ {LAW} on tf1.14" in answer.stdout
    assert "tf1.14 ~ tf2.0" in answer.stdout


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A user's ledger, with one entry for the reference in place of tf1.14."""

    def write(**changes):
        table = {
            "law": LAW,
            "subject": "reference",
            "versions": "",
            "mechanism": "initial_weights: by_position",
            "reason": "open upstream",
            "link": "https://example.org/1",
            "case": json.dumps(load_all()[LAW].examples[0].to_json()),
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in {**table, **changes}.items()]
        (tmp_path / "bncheck.toml").write_text("\n".join(["[[ledger]]", *lines]))
        monkeypatch.chdir(tmp_path)

    return write


def test_a_finding_that_the_ledger_knows_is_shown_and_counted_and_is_0(mutants, known):
    known()
    answer = run("tf1.14", "--select", LAW)
    assert answer.exit_code == 0
    assert "open upstream (https://example.org/1)" in answer.stdout
    assert answer.stdout.splitlines()[-1].startswith("1 verdict: 0 hold, 1 broken and accepted (")
    assert run("tf1.14", "--select", LAW, "--no-ledger").exit_code == 1


def test_another_mechanism_still_counts(mutants, known):
    known(mechanism="epsilon: floor")
    assert run("tf1.14", "--select", LAW).exit_code == 1


def test_an_entry_whose_case_passes_is_1(mutants, known):
    known()
    answer = run("tf2.0", "--select", LAW)
    assert answer.exit_code == 1
    assert "the ledger's entry is fixed in 0" in answer.stdout
    assert "narrow the range" in answer.stdout


def test_a_bad_ledger_is_one_line_and_2(mutants, known):
    known(law="rows_permutes")
    answer = run("tf2.0")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "entry 1: no law is called 'rows_permutes': did you mean rows_permute" in answer.stderr


def test_what_could_not_be_examined_is_2_and_the_others_go_on(mutants):
    answer = run("tf1.15", "tf1.14", "--select", LAW)
    assert answer.exit_code == 2
    assert "tf1.15 could not be built: tensorflow: no matching wheel" in answer.stdout
    assert f"✗ {LAW} on tf1.14" in answer.stdout


def test_where_nothing_could_be_examined_one_line_says_why(mutants):
    answer = run("tf1.15")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1


def test_a_worker_that_dies_is_2(mutants, monkeypatch):
    def dies(subject, case):
        raise SubjectDied("the worker died with SIGKILL", case, Path("case.json"))

    monkeypatch.setattr("bncheck.subjects.subject.Subject.run", lambda self, case: dies(self, case))
    answer = run("tf2.0", "--select", "rows_permute")
    assert answer.exit_code == 2
    assert "the worker died with SIGKILL; the case is in case.json" in answer.stdout


def test_nothing_ran_is_5():
    assert run("reference", "--select", "rows_p*", "--ignore", "*permute").exit_code == 5
    assert run("reference", "--select", "weights_port_in_inference").exit_code == 5


def test_the_time_is_over():
    answer = run("reference", "--max-time", "0.000001")
    assert answer.exit_code == 2  # no law was judged on any case
    assert "the time is over" in answer.stdout


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([("pass", 3), ("inapplicable", 0)], 0),
        ([("pass", 3), ("inconclusive", 2)], 0),
        ([("pass", 3), ("inconclusive", 0)], 2),
        ([("fail", 3), ("pass", 3)], 1),
        ([("fail", 3), ("error", 0)], 2),
        ([("inapplicable", 0)], 5),
        ([], 5),
    ],
)
def test_the_exit_code_follows_from_the_verdicts(verdicts, code):
    results = [{"verdict": verdict, "cases": cases} for verdict, cases in verdicts]
    assert exit_code({"cells": [{"results": results}]}) == code
    assert exit_code({"cells": [{"results": results}], "interrupted": True}) == 130


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tf1.41"], "did you mean .*tf1.14"),
        (["reference", "--select", "rows_permutes"], "no law is called 'rows_permutes': did you mean rows_permute"),
        (["reference", "--ignore", "row_permute"], "did you mean rows_permute"),
        (["torch", "--python", "/none/python"], "there is no such file"),
        (["torch2.13", "--layer", "none.py:Norm"], "there is no file"),
        (["reference", "--layer", "mine:Norm"], "name a framework too"),
        (["reference", "--record", "/none/record.json"], "there is no folder /none"),
        (["reference", "--record", "/"], "is a folder: name a file"),
        (["reference", "--case", "/none.json"], "cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_2(arguments, says):
    answer = run(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("bncheck: ")
    assert re.search(says, answer.stderr)


@pytest.mark.parametrize("arguments", [["--max-examples", "0"], ["--max-time", "0"], ["--workers", "0"], ["--budget"]])
def test_bad_options_are_2(arguments):
    assert run("reference", *arguments).exit_code == 2


def test_the_same_command_gives_the_same_table(mutants):
    one, other = (run("tf1.14", "torch2.13", "--workers", n).stdout.splitlines() for n in (1, 2))
    assert one[:-1] == other[:-1]
    assert one[-1].startswith(f"{2 * len(ALONE) + len(BETWEEN)} verdicts: ")


def test_select_and_ignore_take_names_and_globs():
    answer = run(
        "reference", "--select", "rows_p*,channels*", "--select", "shift_invariance", "--ignore", "*independent"
    )
    laws = [line.split()[0] for line in answer.stdout.partition("\n\n")[0].splitlines()[1:]]
    assert laws == ["channels_permute", "rows_permute", "shift_invariance"]


def test_the_record_is_written_and_holds_the_finding(mutants, tmp_path):
    run("tf1.14", "--select", LAW, "--seed", 3, "--record", tmp_path / "record.json")
    found = record.read(tmp_path / "record.json")
    assert (found["seed"], found["max_examples"]) == (3, 5)
    assert found["cells"][0]["results"][0]["finding"]["mechanism"] == "initial_weights: by_position"


def test_the_printed_command_shows_the_finding_again(mutants):
    first = run("tf1.14", "--select", LAW).stdout
    command = next(line.strip() for line in first.splitlines() if line.startswith("  bncheck run"))
    path = shlex.split(command)[-1]
    assert Path(path).parent == provision.cache().parent / "cases"
    again = CliRunner().invoke(main, shlex.split(command)[1:])
    assert again.exit_code == 1
    assert findings(again.stdout) == findings(first)
    assert "(1 case, " in again.stdout


def findings(text):
    return text[text.index("✗ linear") :].rpartition("\n\n")[0]


def test_a_pairs_command_names_both(monkeypatch, tmp_path):
    traits = {"tf1.14": Traits(), "tf2.0": Traits(epsilon="outside")}
    monkeypatch.setattr(campaign, "open_subject", lambda spec, tell: reference_subject(traits[spec.name], spec.name))
    answer = run("tf1.14", "tf2.0", "--select", "weights*")
    assert "  bncheck run tf1.14 tf2.0 --select weights_port_in_inference --case " in answer.stdout


def test_without_a_folder_for_cases_the_command_draws_them_again(mutants, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BNCHECK_CACHE", str(tmp_path / "file"))
    answer = run("tf1.14", "--select", LAW, "--seed", 4)
    assert f"  bncheck run tf1.14 --select {LAW} --seed 4 --max-examples 5\n" in answer.stdout


def test_the_case_of_a_record_is_judged_on_another_cell(mutants, tmp_path):
    run("tf1.14", "--select", LAW, "--record", tmp_path / "record.json")
    answer = run("tf2.0", "--case", tmp_path / "record.json")
    assert answer.exit_code == 0
    assert "1 verdict: 1 hold (1 case, " in answer.stdout


def test_a_case_of_no_selected_law_is_told(tmp_path):
    (tmp_path / "case.json").write_text(json.dumps(load_all()[LAW].examples[0].to_json()))
    answer = run("reference", "--select", "rows_permute", "--case", tmp_path / "case.json")
    assert answer.exit_code == 2
    assert "has no case of rows_permute" in answer.stderr


def bncheck(*arguments, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "bncheck", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def interrupted(path, seconds):
    """A run that gets Ctrl-C after so many seconds."""
    process = bncheck("run", "reference", "--max-examples", 1_000_000, "--record", path)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    return process, *process.communicate(timeout=60)


def test_ctrl_c_leaves_the_record_and_130(tmp_path):
    path = tmp_path / "record.json"
    for seconds in (3, 10, 30):  # a busy machine may still be importing
        process, out, err = interrupted(path, seconds)
        assert process.returncode == 130, err
        if path.exists():
            break
    assert "Traceback" not in err
    assert f"interrupted: {len(ALONE)} verdicts" in out
    found = record.read(path)
    assert found["interrupted"] is True
    assert {result["verdict"] for result in found["cells"][0]["results"]} == {"inconclusive"}
    assert sum(result["cases"] for result in found["cells"][0]["results"]) > 0


def test_an_old_locale_is_no_traceback():
    process = bncheck(
        "run", "reference", "--select", "rows*", "--max-examples", 2, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "rows_permute" in out


def test_a_reader_that_goes_away_is_no_traceback():
    process = bncheck("run", "reference", "--max-examples", 2)
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.wait()


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory):
    """An interpreter with NumPy and a torch that has nothing but names."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "numpy.pth").write_text(str(Path(np.__file__).parents[1]))
    (packages / "torch.py").write_text(
        "class Name:\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *arguments): return self\n"
        "nn = optim = float16 = bfloat16 = float32 = float64 = set_num_threads = no_grad = Name()\n"
        "__version__ = '0.1'\n"
    )
    return provision.python_of(folder)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ("nosuch_module:Norm", "--layer nosuch_module:Norm does not import: ModuleNotFoundError"),
        ("{folder}/mine.py:Missing", "mine.py:Missing does not import: AttributeError"),
        ("{folder}/mine.py:number", "mine.py:number is no layer: a int, not a class"),
        ("{folder}/broken.py:Norm", "broken.py:Norm does not import: ZeroDivisionError"),
        ("{folder}/mine.py:Refuses", "Refuses is no layer: made with the arguments of the framework's own class"),
    ],
)
def test_a_layer_that_is_none_is_one_line_and_2(interpreter, tmp_path, layer, says):
    (tmp_path / "mine.py").write_text("number = 3\nclass Refuses: pass\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    answer = run("torch", "--python", interpreter, "--layer", layer.format(folder=tmp_path))
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert says in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_framework_that_does_not_import_is_one_line_and_2(interpreter):
    module = next(Path(interpreter).parents[1].glob("lib/python*/site-packages/torch.py"))
    source = module.read_text()
    module.write_text("raise ImportError('libc10.so: cannot open shared object file\\nmore')")
    try:
        answer = run("torch", "--python", interpreter)
    finally:
        module.write_text(source)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "libc10.so: cannot open shared object file" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
