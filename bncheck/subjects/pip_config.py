"""uv reads none of pip's configuration, so pip's indexes, wheel folders and certificate are handed over.

Some machines have their packages, or their CPU build of torch, only there.
"""

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

DEFAULT_INDEX = "https://pypi.org/simple"
OPTIONS = ("index-url", "extra-index-url", "find-links", "cert", "timeout", "no-index")
# [install] is read after [global], as pip does for `pip install`.
SECTIONS = ("global", "install")


@dataclass(frozen=True)
class PipConfig:
    """What pip would use: where packages come from, and which certificate and time-out it takes."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    cert: str | None = None
    timeout: str | None = None
    no_index: bool = False

    @property
    def indexes(self) -> tuple[str, ...]:
        """Every index that pip would ask, its main one first."""
        return () if self.no_index else (self.index_url or DEFAULT_INDEX, *self.extra_index_urls)

    def uv_arguments(self) -> list[str]:
        """The same sources as options of `uv pip install`."""
        arguments = [word for link in self.find_links for word in ("--find-links", link)]
        if self.no_index:
            return [*arguments, "--no-index"]
        if self.index_url:
            arguments += ["--default-index", self.index_url]
        if self.extra_index_urls:
            arguments += [word for url in self.extra_index_urls for word in ("--index", url)]
            # uv stops at the first index that has the name at all; pip holds all its indexes equal, and whoever
            # wrote pip's configuration counts on that: an extra index often has a few versions of a package only.
            arguments += ["--index-strategy", "unsafe-best-match"]
        return arguments

    def uv_environment(self) -> dict[str, str]:
        """The same certificate and time-out as environment variables of uv."""
        environment = {"SSL_CERT_FILE": self.cert} if self.cert else {}
        if self.timeout and self.timeout.isdigit():
            environment["UV_HTTP_TIMEOUT"] = self.timeout
        return environment


def read(environ: Mapping[str, str] = os.environ) -> PipConfig:
    """pip's files in pip's order, then PIP_* variables, which win; an empty value counts as not given."""
    options = _from_files(config_files(environ)) | _from_environment(environ)
    return PipConfig(
        index_url=options.get("index-url"),
        extra_index_urls=tuple(_location(word) for word in options.get("extra-index-url", "").split()),
        find_links=tuple(_location(word) for word in options.get("find-links", "").split()),
        cert=options.get("cert"),
        timeout=options.get("timeout"),
        no_index=options.get("no-index", "").lower() in {"1", "true", "yes", "on"},
    )


def config_files(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The files that pip reads, those that win last: https://pip.pypa.io/en/stable/topics/configuration/."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    name = "pip.ini" if os.name == "nt" else "pip.conf"
    files = [Path(folder) / name for folder in _system_folders()]
    # pip leaves the user's own files out where PIP_CONFIG_FILE names one that exists.
    if not (chosen and Path(chosen).exists()):
        files += [folder / name for folder in _user_folders(environ)]
    files.append(Path(sys.prefix) / name)
    return [*files, Path(chosen)] if chosen else files


def _system_folders() -> list[str]:
    shared = platformdirs.site_config_dir("pip", appauthor=False, multipath=True).split(os.pathsep)
    return shared if os.name == "nt" else [*shared, "/etc"]


def _user_folders(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME") or Path.home())
    legacy = home / ("pip" if os.name == "nt" else ".pip")
    if os.name == "nt" or sys.platform == "darwin":
        return [legacy, Path(platformdirs.user_config_dir("pip", appauthor=False, roaming=True))]
    return [legacy, Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"]


def _from_files(files: list[Path]) -> dict[str, str]:
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in filter(parser.has_section, SECTIONS):
            pairs = ((key.replace("_", "-"), value) for key, value in parser.items(section))
            found[section].update({key: value for key, value in pairs if key in OPTIONS and value})
    return found["global"] | found["install"]


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = {option: "PIP_" + option.upper().replace("-", "_") for option in OPTIONS}
    # pip calls this one's variable by the option's long name.
    names["timeout"] = "PIP_TIMEOUT" if environ.get("PIP_TIMEOUT") else "PIP_DEFAULT_TIMEOUT"
    return {option: environ[name] for option, name in names.items() if environ.get(name)}


def _location(word: str) -> str:
    """A folder is made absolute, because uv runs elsewhere; an address stays as it is."""
    return word if "://" in word else str(Path(word).expanduser().absolute())
