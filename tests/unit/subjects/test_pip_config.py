import ast
import os
import subprocess
import sys

import pytest

from bncheck.subjects import pip_config


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine whose pip has no configuration but what a test writes."""
    monkeypatch.setattr(pip_config, "_system_folders", lambda: [str(tmp_path / "etc")])
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def read(home, **variables):
    return pip_config.read({"HOME": str(home), **variables})


def test_no_configuration_adds_nothing(home):
    config = read(home)
    assert config == pip_config.PipConfig()
    assert config.uv_arguments() == []
    assert config.uv_environment() == {}
    assert config.indexes == (pip_config.DEFAULT_INDEX,)


def test_several_values_are_parted_by_blanks_and_new_lines(home):
    write(
        home / ".config/pip/pip.conf",
        "[global]\nextra-index-url = https://a/simple https://b/simple\n  file:///c\nfind-links =\n    /w1\n    /w2\n",
    )
    config = read(home)
    assert config.extra_index_urls == ("https://a/simple", "https://b/simple", "file:///c")
    assert config.find_links == ("/w1", "/w2")


def test_extra_indexes_are_as_good_as_the_main_one(home):
    arguments = read(home, PIP_INDEX_URL="https://main", PIP_EXTRA_INDEX_URL="https://more").uv_arguments()
    assert arguments == [
        "--default-index", "https://main", "--index", "https://more", "--index-strategy", "unsafe-best-match",
    ]  # fmt: skip


def test_a_main_index_alone_needs_no_strategy(home):
    assert read(home, PIP_INDEX_URL="https://main").uv_arguments() == ["--default-index", "https://main"]


def test_no_index_leaves_the_wheel_folders_alone(home):
    config = read(home, PIP_NO_INDEX="1", PIP_INDEX_URL="https://main", PIP_FIND_LINKS="/w")
    assert config.uv_arguments() == ["--find-links", "/w", "--no-index"]
    assert config.indexes == ()


def test_the_environment_wins_and_an_empty_value_does_not(home):
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://file\ncert = /file.pem\n")
    config = read(home, PIP_INDEX_URL="https://variable", PIP_CERT="")
    assert (config.index_url, config.cert) == ("https://variable", "/file.pem")


def test_the_file_read_last_wins(home):
    write(home / "etc/pip.conf", "[global]\nindex-url = https://system\ncert = /system.pem\n")
    write(home / ".pip/pip.conf", "[global]\nindex-url = https://legacy\n")
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://user\n")
    write(home / "venv/pip.conf", "[global]\nindex_url = https://site\n")
    config = read(home)
    assert (config.index_url, config.cert) == ("https://site", "/system.pem")


def test_install_wins_over_global(home):
    write(home / "etc/pip.conf", "[install]\nindex-url = https://install\n")
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://global\n")
    assert read(home).index_url == "https://install"


def test_a_file_of_ones_own_takes_the_place_of_the_users(home):
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://user\ncert = /user.pem\n")
    write(home / "own.conf", "[global]\nindex-url = https://own\n")
    config = read(home, PIP_CONFIG_FILE=str(home / "own.conf"))
    assert (config.index_url, config.cert) == ("https://own", None)


def test_the_null_device_switches_every_file_off(home):
    write(home / "etc/pip.conf", "[global]\nindex-url = https://system\n")
    assert read(home, PIP_CONFIG_FILE=os.devnull) == pip_config.PipConfig()


def test_a_file_that_cannot_be_parsed_is_passed_over(home):
    write(home / "etc/pip.conf", "index-url = no section\n")
    assert read(home) == pip_config.PipConfig()


def test_a_relative_wheel_folder_is_made_absolute_and_an_address_is_not(home, monkeypatch):
    monkeypatch.chdir(home)
    config = read(home, PIP_FIND_LINKS="wheels https://wheels.example/")
    assert config.find_links == (str(home / "wheels"), "https://wheels.example/")


def test_certificate_and_time_out_become_variables(home):
    config = read(home, PIP_CERT="/c.pem", PIP_DEFAULT_TIMEOUT="180")
    assert config.uv_environment() == {"SSL_CERT_FILE": "/c.pem", "UV_HTTP_TIMEOUT": "180"}


def test_pip_itself_reads_the_same(tmp_path):
    write(tmp_path / "own.conf", "[global]\nfind-links =\n  /w1\n  /w2\nindex-url = https://own\n")
    environment = {**os.environ, "PIP_CONFIG_FILE": str(tmp_path / "own.conf"), "PIP_INDEX_URL": "https://variable"}
    environment.pop("PIP_FIND_LINKS", None)
    command = [sys.executable, "-m", "pip", "config", "list"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("there is no pip here")
    theirs = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)
    ours = pip_config.read(environment)
    assert ours.index_url == ast.literal_eval(theirs[":env:.index-url"])
    assert list(ours.find_links) == ast.literal_eval(theirs["global.find-links"]).split()
