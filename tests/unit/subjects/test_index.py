from datetime import UTC, datetime

import pytest
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag, platform_tags
from packaging.version import Version

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import index, interpreters, releases

HERE = next(iter(platform_tags()))
# package, version, uploaded, the Pythons that have a wheel ("py3" for a pure one)
SHELF = [
    ("torch", "1.4.0", "2020-01-15", "37 38"),
    ("torch", "1.10.2", "2022-01-27", "38 39"),
    ("torch", "2.12.0", "2026-05-13", "310 311 312 313 314"),
    ("torch", "2.13.0", "2026-07-08", "310 311 312 313 314"),
    ("torch", "2.15.0", "2026-10-28", "311 312 313 314 315"),
    ("tensorflow", "1.13.2", "2019-06-18", "36 37"),
    ("tensorflow", "2.0.4", "2021-01-05", "36 37"),
    ("tensorflow", "2.15.1", "2024-03-08", "310 311"),
    ("tensorflow-cpu", "2.15.1", "2024-03-08", "310 311"),
    ("tensorflow", "2.16.1", "2024-03-09", "310 311 312"),
    ("tensorflow-cpu", "2.16.1", "2024-03-09", "310 311 312"),
    ("tensorflow", "2.21.0", "2026-03-06", "312 313"),
    ("tensorflow-cpu", "2.21.0", "2026-03-06", "312 313"),
    ("tensorflow", "2.22.0rc0", "2026-06-01", "312 313"),
    ("tensorflow", "2.17.0", "2024-07-11", "312"),
    ("tf-keras", "2.21.0", "2026-03-18", "py3"),
    ("keras", "2.3.1", "2019-10-07", "py3"),
    ("keras", "3.0.0", "2023-11-28", "py3"),
    ("keras", "3.15.1", "2026-07-29", "py3"),
    ("jax", "0.4.20", "2023-11-06", "py3"),
    ("jax", "0.11.1", "2026-08-17", "py3"),
    ("jaxlib", "0.4.20", "2023-11-06", "311 312"),
    ("jaxlib", "0.11.1", "2026-08-16", "313 314"),
]


def shelf_file(package, version, uploaded, pythons, local=False):
    compact = [("py3-none-any" if each == "py3" else f"cp{each}-cp{each}-{HERE}") for each in pythons.split()]
    tags = frozenset(tag for each in compact for tag in parse_tag(each))
    moment = datetime.fromisoformat(uploaded).replace(tzinfo=UTC) if uploaded else None
    requires = SpecifierSet(">=3.8" if package == "keras" else "")
    return releases.File(f"{package}-{version}", package, Version(version), tags, requires, moment, False, local)


@pytest.fixture
def shelf(monkeypatch):
    """Today is in November 2026; Pythons 3.7 to 3.13 are here; the list may be added to."""
    files = [shelf_file(*row) for row in SHELF]
    monkeypatch.setattr(releases, "files", lambda package: tuple(each for each in files if each.package == package))
    monkeypatch.setattr(interpreters, "installed", lambda version: version if 7 <= int(version[2:]) <= 13 else None)
    monkeypatch.setattr(index, "_now", lambda: datetime(2026, 11, 21, tzinfo=UTC))
    return files


def facts(text):
    cell = index.cell_for(text)
    return cell.require, cell.python, cell.as_of


def test_the_newest_python_that_is_here_and_a_month_after_the_release(shelf):
    assert facts("torch==2.12.0") == (("torch==2.12.0", "numpy"), "3.13", "2026-06-12")


def test_a_month_that_is_not_over_is_no_date(shelf):
    assert facts("torch==2.15.0")[2] is None


def test_a_wheel_folders_build_wins_and_decides_the_python(shelf):
    shelf.insert(0, shelf_file("torch", "2.13.0+cpu", None, "311", local=True))
    assert facts("torch==2.13.0") == (("torch==2.13.0", "numpy"), "3.11", "2026-08-07")


def test_an_old_torch_needs_setuptools(shelf):
    assert facts("torch==1.10.2") == (("torch==1.10.2", "numpy", "setuptools"), "3.9", "2022-02-26")


def test_a_python_that_is_not_here_is_left_for_uv_to_download(shelf, monkeypatch):
    monkeypatch.setattr(interpreters, "installed", lambda version: None)
    assert facts("torch==1.4.0")[1] == "3.8"


@pytest.mark.parametrize(
    ("version", "package", "python"),
    [("1.13.2", "tensorflow", "3.7"), ("2.0.4", "tensorflow", "3.7"), ("2.15.1", "tensorflow-cpu", "3.11")],
)
def test_the_small_tensorflow_is_taken_where_there_is_one(shelf, version, package, python):
    require, found, _ = facts(f"tensorflow=={version}")
    assert (require[0], found) == (f"{package}=={version}", python)


def test_the_small_tensorflow_must_have_a_wheel_for_this_machine(shelf):
    shelf[:] = [each for each in shelf if each.package != "tensorflow-cpu"]
    foreign = shelf_file("tensorflow-cpu", "2.15.1", "2024-03-08", "py3")
    elsewhere = frozenset(parse_tag("cp311-cp311-plan9_mips"))
    shelf.append(releases.File(**{**vars(foreign), "tags": elsewhere}))
    assert facts("tensorflow==2.15.1")[0][0] == "tensorflow==2.15.1"


def test_every_mode_of_tensorflow_runs_in_one_environment(shelf):
    assert index.cell_for("tensorflow==2.15.1:graph") == index.cell_for("tensorflow==2.15.1")
    with pytest.raises(UnknownName, match="did you mean graph"):
        index.cell_for("tensorflow==2.15.1:grap")


def test_tf_keras_brings_the_tensorflow_of_its_series(shelf):
    cell = index.cell_for("tf-keras==2.21.0")
    assert (cell.name, cell.framework, cell.mode) == ("tf-keras==2.21.0", "tensorflow", "tf-keras")
    assert cell.require == ("tensorflow-cpu==2.21.0", "tf-keras==2.21.0", "numpy")


def test_keras_runs_on_tensorflow_unless_told(shelf):
    cell = index.cell_for("keras==3.15.1")
    assert (cell.name, cell.framework, cell.mode) == ("keras==3.15.1:tensorflow", "keras", "tensorflow")
    assert cell == index.cell_for("keras==3.15.1:tensorflow")
    assert cell.require == ("keras==3.15.1", "tensorflow-cpu==2.21.0", "numpy")
    assert (cell.python, cell.as_of) == ("3.13", "2026-08-28")


def test_the_first_keras_3_waits_for_the_first_tensorflow_that_takes_it(shelf):
    assert facts("keras==3.0.0") == (("keras==3.0.0", "tensorflow-cpu==2.16.1", "numpy"), "3.12", "2024-04-08")


@pytest.mark.parametrize(
    ("keras", "jax", "python", "as_of"),
    [("3.0.0", "0.4.20", "3.12", "2023-12-28"), ("3.15.1", "0.11.1", "3.13", "2026-09-16")],
)
def test_keras_runs_on_the_jax_of_its_day(shelf, keras, jax, python, as_of):
    require = (f"keras=={keras}", f"jax=={jax}", f"jaxlib=={jax}", "numpy")
    assert facts(f"keras=={keras}:jax") == (require, python, as_of)


def test_keras_runs_on_the_torch_of_its_day(shelf):
    assert facts("keras==3.15.1:torch")[0] == ("keras==3.15.1", "torch==2.13.0", "numpy")
    shelf.append(shelf_file("torch", "2.12.0+cpu", None, "311", local=True))
    assert facts("keras==3.15.1:torch")[:2] == (("keras==3.15.1", "torch==2.12.0", "numpy"), "3.11")


def test_a_short_version_is_the_whole_one(shelf):
    assert index.cell_for("torch==2.13").name == "torch==2.13.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("to rch==1", "'to rch==1' is not a requirement"),
        ("torch>=2", "'torch>=2' does not name one version"),
        ("torch==2.*", "does not name one version"),
        ("torch", "does not name one version"),
        ("torch[x]==2.13.0", "does not name one version"),
        ("torch @ https://files.example/x", "does not name one version"),
        ("torch==2.12.1", r"no torch==2\.12\.1: the nearest are 1\.10\.2, 2\.12\.0, 2\.13\.0"),
        ("torch==99", r"no torch==99: the nearest are 2\.12\.0, 2\.13\.0, 2\.15\.0"),
        ("torch==2.13.0:compile", "torch has no modes"),
        ("keras==3.15.1:jx", "mode of keras is called 'jx': did you mean jax"),
        ("keras==2.3.1", "older than Keras 3: for tf.keras write tensorflow==VERSION"),
        ("torhc==1.0", "'torhc': did you mean torch"),
        ("numpy==1.0", "there are: keras, mlx, tensorflow, tf-keras, torch"),
    ],
)
def test_a_wrong_request_is_one_line(shelf, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        index.cell_for(text)
    assert "\n" not in str(caught.value)


def test_a_package_that_no_index_has_is_one_line(shelf):
    shelf.clear()
    with pytest.raises(UsageError, match="no index has torch"):
        index.cell_for("torch==2.13.0")


def test_a_release_without_a_wheel_for_this_machine_is_one_line(shelf):
    shelf.append(shelf_file("torch", "1.0.0", "2018-12-07", "35 36"))
    with pytest.raises(UsageError, match=r"torch==1\.0\.0 has no wheel for Python 3\.7 or newer on "):
        index.cell_for("torch==1.0.0")


def test_a_name_of_the_matrix_is_told_from_a_requirement(shelf):
    assert index.resolve("tf1.14").require[0] == "tensorflow==1.14.0"
    assert index.resolve("torch==2.12.0").name == "torch==2.12.0"
    with pytest.raises(UnknownName, match="no cell is called 'torch'"):
        index.resolve("torch")


@pytest.mark.parametrize(
    ("tag", "minors"),
    [
        ("py3-none-any", {7, 8, 9}),
        ("py2.py3-none-any", {7, 8, 9}),
        (f"cp37-cp37m-{HERE}", {7}),
        (f"cp38-abi3-{HERE}", {8, 9}),
        (f"cp39-cp39t-{HERE}", set()),
        ("cp38-cp38-plan9_mips", set()),
    ],
)
def test_a_wheels_tags_tell_which_pythons_it_fits(tag, minors):
    assert {minor for minor in (7, 8, 9) if any(index._tag_fits(each, minor) for each in parse_tag(tag))} == minors
