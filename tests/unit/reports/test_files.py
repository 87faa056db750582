import os

import pytest
from made_records import LAW, cell, failing, made

from bncheck.errors import UnknownName, UsageError
from bncheck.invariants import load_all
from bncheck.reports import files, formats


def test_every_file_of_the_folder_is_a_format(tmp_path):
    assert formats.names() == ["html", "json", "junit", "markdown", "sarif"]
    wanted = files.wanted([f"{name}={tmp_path / name}" for name in formats.names()])
    files.write(wanted, made(cell("a", failing())), load_all())
    for name in formats.names():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert LAW in text
        assert text.endswith("\n")
    assert sorted(each.name for each in tmp_path.iterdir()) == formats.names()


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("htm=x", "no format of a report is called 'htm': did you mean html?"),
        ("pdf=x", "there are: html, json, junit, markdown, sarif"),
        ("x.html", "no format of a report is called 'x.html': did you mean html?"),
        ("html", "--report html names no file: write it as --report html=FILE"),
        ("html=", "write it as --report html=FILE"),
        ("=x", "no format of a report is called ''"),
        ("html=/", "--report / is a folder: name a file"),
        ("html=/none/x.html", "there is no folder /none"),
    ],
)
def test_what_cannot_be_written_is_told_before(option, says):
    with pytest.raises(UsageError) as caught:
        files.wanted([option])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_format_is_an_unknown_name():
    with pytest.raises(UnknownName):
        formats.load("terminal")


def test_two_reports_do_not_share_a_file(tmp_path):
    with pytest.raises(UsageError, match="that file is taken"):
        files.wanted([f"html={tmp_path / 'x'}", f"junit={tmp_path}/./x"])
    with pytest.raises(UsageError, match="that file is taken"):
        files.wanted([f"html={tmp_path / 'x'}"], record_file=f"{tmp_path / 'x'}")
    assert len(files.wanted(["html=/dev/null", "junit=/dev/null"], record_file="/dev/null")) == 2


def test_where_one_report_cannot_be_made_none_is_written(tmp_path):
    deep = []
    for _ in range(3000):
        deep = [deep]
    found = made(cell("a", traits={"x": deep}))
    with pytest.raises(UsageError, match="nested too deeply to be shown"):
        files.write(files.wanted([f"markdown={tmp_path / 'a'}", f"junit={tmp_path / 'b'}"]), found, {})
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    path.write_text("the older report")
    wanted = files.wanted([f"html={path}"])
    monkeypatch.setattr("pathlib.Path.replace", lambda self, to: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(UsageError, match="cannot be written: No space left"):
        files.write(wanted, made(), {})
    assert path.read_text() == "the older report"
    assert os.listdir(tmp_path) == ["x.html"]
