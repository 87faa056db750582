import pytest

from bncheck.subjects import torch_source
from bncheck.subjects.matrix import Cell


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def cell(*require, as_of=None):
    return Cell("a", "torch", require, "3.11", as_of)


def test_a_new_torch_comes_from_the_index_of_cpu_builds(wheels):
    assert torch_source.arguments(cell("torch==2.13.0", "numpy")) == ["--torch-backend", "cpu"]


def test_a_date_does_not_hide_an_index_without_dates(wheels):
    arguments = torch_source.arguments(cell("torch==2.1.0", as_of="2024-01-01"))
    assert arguments[-2:] == ["--exclude-newer-package", "torch=false"]


@pytest.mark.parametrize("require", ["torch==1.12.1", "torch==1.4.0", "tensorflow==2.0.4", "torchvision==0.20"])
def test_other_packages_come_from_where_pip_takes_them(wheels, require):
    assert torch_source.arguments(cell(require)) == []


def test_a_wheel_in_a_folder_is_taken(wheels):
    (wheels / "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl").touch()
    assert torch_source.arguments(cell("torch==2.13.0")) == []
    assert torch_source.arguments(cell("torch==2.13")) != []
    assert torch_source.arguments(cell("torch==2.1.0")) != []


def test_advice_is_for_that_index_alone():
    assert torch_source.ADVICE in torch_source.advice("Failed to fetch: https://download.pytorch.org/whl/cpu/torch/")
    assert torch_source.advice("Failed to fetch: https://index.example/torch/") == ""
