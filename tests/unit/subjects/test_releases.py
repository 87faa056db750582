import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bncheck.errors import UsageError
from bncheck.subjects import pip_config, releases

WHEEL = "torch-2.1.0-cp311-cp311-linux_x86_64.whl"
PAGE = f"""<!DOCTYPE html><html><body>
<a href="https://files.example/a%2Bb/{WHEEL}#sha256=0" data-requires-python="&gt;=3.8"
   data-upload-time="2023-10-04T00:00:00Z">{WHEEL}</a><br/>
<a href="../../files/torch-2.0.0-py3-none-any.whl" data-yanked="broken">x</a>
<a href="torch-2.2.0rc1.tar.gz">x</a> <a href="readme.txt">x</a> <a>nothing</a>
</body></html>"""
ANSWER = {
    "files": [
        {"filename": WHEEL, "requires-python": ">=3.8", "upload-time": "2023-10-04T00:00:00Z", "yanked": False},
        {"filename": "torch-2.0.0-py3-none-any.whl", "requires-python": None, "yanked": "broken"},
        {"filename": "torch-2.2.0rc1.tar.gz"},
    ]
}


@pytest.fixture
def pip(monkeypatch):
    """What pip's configuration says, set by each test."""
    releases.files.cache_clear()

    def configure(**options):
        monkeypatch.setattr(pip_config, "read", lambda: pip_config.PipConfig(**options))

    yield configure
    releases.files.cache_clear()


@pytest.fixture
def server():
    """An index on this machine; its `answers` are given in turn, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            here.asked.append((self.path, dict(self.headers)))
            status, body = here.answers.pop(0) if len(here.answers) > 1 else here.answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    here = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.asked, here.answers = [], [(404, "")]
    here.address = f"http://127.0.0.1:{here.server_port}/simple"
    thread = threading.Thread(target=here.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield here
    here.shutdown()
    thread.join()
    here.server_close()


@pytest.mark.parametrize("body", [PAGE, json.dumps(ANSWER)], ids=["page", "json"])
def test_both_kinds_of_answer_are_read_alike(pip, server, body):
    pip(index_url=server.address)
    server.answers = [(200, body)]
    found = releases.files("torch")
    assert [str(file.version) for file in found] == ["2.1.0", "2.0.0", "2.2.0rc1"]
    assert found[0].uploaded.isoformat() == "2023-10-04T00:00:00+00:00"
    assert str(found[0].requires_python) == ">=3.8"
    assert [file.yanked for file in found] == [False, True, False]
    assert {tag.interpreter for tag in found[0].tags} == {"cp311"}
    assert server.asked[0][0] == "/simple/torch/"


def test_a_range_picks_neither_a_pre_release_nor_a_withdrawn_one(pip, server):
    pip(index_url=server.address)
    server.answers = [(200, PAGE)]
    assert [str(version) for version in releases.finals("torch")] == ["2.1.0"]


def test_a_package_that_no_index_has_has_no_files(pip, server):
    pip(index_url=server.address)
    assert releases.files("torch") == ()


def test_a_slow_moment_is_tried_once_more(pip, server):
    pip(index_url=server.address)
    server.answers = [(503, ""), (200, PAGE)]
    assert len(releases.files("torch")) == 3


def test_an_index_that_fails_is_one_line_without_its_password(pip, server):
    pip(index_url=server.address.replace("//", "//user:secret@"))
    server.answers = [(500, "")]
    with pytest.raises(UsageError, match=r"127\.0\.0\.1:\d+/simple/torch/ does not answer: HTTP 500") as caught:
        releases.files("torch")
    assert "secret" not in str(caught.value)
    assert server.asked[0][1]["Authorization"] == "Basic dXNlcjpzZWNyZXQ="


def test_an_index_that_is_not_there_is_one_line(pip):
    pip(index_url="http://127.0.0.1:9/simple")
    with pytest.raises(UsageError, match=r"does not answer: .*refused"):
        releases.files("torch")


def test_an_answer_that_is_no_index_is_one_line(pip, server):
    pip(index_url=server.address)
    server.answers = [(200, "{ not json")]
    with pytest.raises(UsageError, match="is not an index"):
        releases.files("torch")


def test_an_index_in_a_folder_may_lack_the_package(pip, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/index.html").write_text(PAGE, encoding="utf-8")
    pip(index_url=tmp_path.as_uri(), extra_index_urls=((tmp_path / "none").as_uri(),))
    assert len(releases.files("torch")) == 3
    assert releases.files("keras") == ()


def test_wheel_folders_come_first_and_are_known_as_such(pip, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "torch-2.1.0+cpu-cp311-cp311-linux_x86_64.whl").touch()
    (tmp_path / "torchvision-0.1-py3-none-any.whl").touch()
    pip(index_url=tmp_path.as_uri(), find_links=(str(tmp_path), str(tmp_path / "none"), tmp_path.as_uri()))
    assert [(str(file.version), file.local) for file in releases.files("torch")][:3] == [
        ("2.1.0+cpu", True), ("2.1.0+cpu", True), ("2.1.0", False),
    ]  # fmt: skip


def test_no_index_means_wheel_folders_alone(pip, tmp_path):
    (tmp_path / WHEEL).touch()
    pip(no_index=True, find_links=(str(tmp_path),))
    assert [file.name for file in releases.files("torch")] == [WHEEL]
