import subprocess
import sys

from click.testing import CliRunner

import bncheck
from bncheck.commands import main

HEAVY = ("numpy", "hypothesis", "rich", "packaging")


def test_help_names_every_command():
    answer = CliRunner().invoke(main, ["--help"])
    assert answer.exit_code == 0
    for name in ("env", "explain", "list", "matrix", "run"):
        assert f"  {name} " in answer.stdout
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_help_loads_nothing_heavy():
    script = (
        "import sys; from click.testing import CliRunner; from bncheck.commands import main; "
        f"assert CliRunner().invoke(main, ['--help']).exit_code == 0; print([m for m in {HEAVY} if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_version_is_bnchecks():
    assert CliRunner().invoke(main, ["--version"]).stdout == f"bncheck {bncheck.__version__}\n"


def test_an_unknown_command_is_answered_with_the_nearest():
    answer = CliRunner().invoke(main, ["rum"])
    assert (answer.exit_code, answer.stderr) == (2, "bncheck: no command is called 'rum': did you mean run?\n")


def test_an_interrupted_command_is_130(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("bncheck.subjects.provision.built", interrupted)
    assert CliRunner().invoke(main, ["env", "list"]).exit_code == 130
