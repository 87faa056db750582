import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import matrix

LINE = '"tf9" = { framework = "tensorflow", require = ["tensorflow==9.0", "numpy"], python = "3.7" }'


def test_a_line_becomes_a_cell():
    (cell,) = matrix.parse(LINE).values()
    assert cell == matrix.Cell("tf9", "tensorflow", ("tensorflow==9.0", "numpy"), "3.7")


def test_cells_keep_the_order_of_the_file():
    text = matrix.MATRIX.read_text(encoding="utf-8")
    places = [text.index(f'\n"{name}" = ') for name in matrix.cells()]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("python =", "pyhton ="), "unknown key 'pyhton'"),
        (('framework = "tensorflow", ', ""), "no 'framework'"),
        ((', python = "3.7"', ""), "no 'python'"),
        (('["tensorflow==9.0", "numpy"]', "[]"), "no 'require'"),
        (('["tensorflow==9.0", "numpy"]', '"tensorflow"'), "'require' that is not a list"),
        (('"3.7"', "3.7"), "'python' that is not a string: quote it"),
    ],
)
def test_a_faulty_line_is_named_with_its_fault(change, fault):
    with pytest.raises(UsageError, match=fault) as caught:
        matrix.parse(LINE.replace(*change))
    assert "'tf9'" in str(caught.value)


def test_a_line_that_is_no_table_is_named():
    with pytest.raises(UsageError, match="'tf9' is not a table"):
        matrix.parse('tf9 = "tensorflow"')


def test_a_file_that_is_not_toml_is_one_line():
    with pytest.raises(UsageError, match="not TOML"):
        matrix.parse("tf9 = {")


def test_an_unknown_cell_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"did you mean .*tf1\.14"):
        matrix.cell("tf1.144")


def test_the_newest_is_the_last_of_its_framework():
    assert matrix.newest("torch").name == "torch2.13"
    with pytest.raises(UnknownName, match="torch"):
        matrix.newest("torhc")


def test_github_has_one_entry_a_cell():
    entries = matrix.github()["include"]
    assert entries[0] == {"cell": "tf1.14", "python": "3.7", "framework": "tensorflow"}
    assert [entry["cell"] for entry in entries] == list(matrix.cells())


@pytest.mark.parametrize("cell", matrix.cells().values(), ids=lambda cell: cell.name)
def test_every_cell_asks_for_numpy_and_dates_its_dependencies(cell):
    assert any(line.startswith("numpy") for line in cell.require)
    assert cell.as_of is None or date.fromisoformat(cell.as_of)


def test_changing_the_answer_does_not_change_the_matrix():
    matrix.cells().clear()
    assert matrix.cells()


def test_the_matrix_needs_the_standard_library_alone():
    """Runners read it before anything is installed: -S leaves site-packages out."""
    root = Path(matrix.__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from bncheck.subjects import matrix; matrix.github()"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
