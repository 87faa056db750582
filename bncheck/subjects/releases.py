"""The files of a package on every index and in every wheel folder that pip would ask.

An index answers as JSON (PEP 691) or as a page of links (PEP 503); both are read, whatever was asked for.
"""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from bncheck.errors import UsageError
from bncheck.subjects import pip_config

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
SECONDS = 30
TRIES = 2


@dataclass(frozen=True)
class File:
    """One file of a package, as an index or a folder lists it; `tags` is empty for a source archive."""

    name: str
    package: str
    version: Version
    tags: frozenset[Tag]
    requires_python: SpecifierSet
    uploaded: datetime | None
    yanked: bool
    local: bool


@cache
def files(package: str) -> tuple[File, ...]:
    """Every file of that package that pip would see, those of wheel folders first; none where no index has it."""
    config = pip_config.read()
    rows = [(row, True) for link in config.find_links for row in _linked(link, config)]
    rows += [(row, False) for index in config.indexes for row in _indexed(index, package, config)]
    found = (_file(row, local) for row, local in rows)
    return tuple(file for file in found if file is not None and file.package == canonicalize_name(package))


def _linked(link: str, config: pip_config.PipConfig) -> list[dict]:
    folder = Path(urllib.request.url2pathname(urlsplit(link).path)) if link.startswith("file:") else Path(link)
    if "://" in link and not link.startswith("file:"):
        return _rows(_fetch(link, config), link)
    return [{"filename": path.name} for path in sorted(folder.iterdir())] if folder.is_dir() else []


def _indexed(index: str, package: str, config: pip_config.PipConfig) -> list[dict]:
    address = f"{index.rstrip('/')}/{canonicalize_name(package)}/"
    if index.startswith("file:"):
        page = Path(urllib.request.url2pathname(urlsplit(address).path)) / "index.html"
        return _rows(page.read_bytes(), address) if page.is_file() else []
    return _rows(_fetch(address, config), address)


def _fetch(address: str, config: pip_config.PipConfig) -> bytes:
    """The page; nothing where the index says that it has none."""
    for attempt in range(1, TRIES + 1):
        try:
            context = ssl.create_default_context(cafile=config.cert)
            with urllib.request.urlopen(_request(address), timeout=_seconds(config), context=context) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return b""
            fault = f"HTTP {error.code}"
        except (OSError, ValueError) as error:
            fault = str(getattr(error, "reason", error))
        if attempt == TRIES:
            raise UsageError(f"the index {_shown(address)} does not answer: {fault}")
    raise AssertionError("unreachable")


def _request(address: str) -> urllib.request.Request:
    """urllib takes no user and password from an address, as pip does, so they go into a header."""
    parts = urlsplit(address)
    request = urllib.request.Request(_shown(address), headers={"Accept": ACCEPT, "User-Agent": "bncheck"})
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())
    return request


def _shown(address: str) -> str:
    """The address without its user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _seconds(config: pip_config.PipConfig) -> float:
    return min(float(config.timeout), SECONDS) if config.timeout and config.timeout.isdigit() else SECONDS


def _rows(page: bytes, address: str) -> list[dict]:
    text = page.decode("utf-8", errors="replace")
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)["files"]
        except (ValueError, KeyError):
            raise UsageError(f"{_shown(address)} is not an index: its answer is not PEP 691's JSON") from None
    links = _Links()
    links.feed(text)
    return links.rows


class _Links(HTMLParser):
    """A page of links, in the words of the JSON answer."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Some indexes add the upload time, which PEP 503 does not have."""
        found = {key: value or "" for key, value in attrs}
        if tag == "a" and found.get("href"):
            row: dict = {"filename": unquote(urlsplit(found["href"]).path.rpartition("/")[2])}
            row |= {key: found.get(f"data-{key}") for key in ("requires-python", "upload-time")}
            self.rows.append(row | {"yanked": "data-yanked" in found})


def _file(row: Mapping, local: bool) -> File | None:
    """None where the name is no package's."""
    try:
        package, version, tags = _named(row["filename"])
        requires_python = SpecifierSet(row.get("requires-python") or "")
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion, InvalidSpecifier):
        return None
    return File(
        name=row["filename"],
        package=package,
        version=version,
        tags=tags,
        requires_python=requires_python,
        uploaded=_moment(row.get("upload-time")),
        yanked=bool(row.get("yanked")),
        local=local,
    )


def _named(filename: str) -> tuple[str, Version, frozenset[Tag]]:
    if filename.endswith(".whl"):
        package, version, _, tags = parse_wheel_filename(filename)
        return package, version, tags
    package, version = parse_sdist_filename(filename)
    return package, version, frozenset()


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def finals(package: str) -> Iterator[Version]:
    """The versions that a range would pick, no pre-releases and none that were withdrawn, oldest first."""
    chosen = (file for file in files(package) if not (file.version.is_prerelease or file.yanked))
    yield from sorted({file.version for file in chosen})
