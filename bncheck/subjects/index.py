"""A requirement becomes a cell: its framework, mode, Python and date are worked out from the index's metadata."""

import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, platform_tags
from packaging.version import Version

from bncheck.errors import UnknownName, UsageError
from bncheck.subjects import interpreters, matrix, releases
from bncheck.subjects.matrix import Cell
from bncheck.subjects.releases import File

FORM = "write NAME==VERSION or NAME==VERSION:MODE, such as torch==2.13.0 or keras==3.15.1:jax"
# Dependencies of about a month later have the fixes of a new release's first weeks, and none of its successors.
AFTER = timedelta(days=30)
# The worker runs on CPython 3.7 and newer.
MINORS = range(7, 40)
NEAREST = 3
# TensorFlow before 2.16 refuses Keras 3.
KERAS_3, TENSORFLOW_FOR_KERAS_3 = Version("3.0.0"), Version("2.16")


@dataclass(frozen=True)
class Release:
    """One version of a package, with the files that this machine can use."""

    package: str
    version: Version
    files: tuple[File, ...]
    uploaded: datetime | None

    @property
    def pinned(self) -> str:
        """The requirement that asks for this release."""
        return f"{self.package}=={self.version.public}"

    @property
    def minors(self) -> frozenset[int]:
        """The minor versions of Python 3 that have a wheel here."""
        return frozenset(minor for minor in MINORS if any(_fits(file, minor) for file in self.files))


def resolve(text: str) -> Cell:
    """A name of the matrix, or a requirement."""
    return cell_for(text) if re.search(r"[=<>~!@:\[ ]", text) else matrix.cell(text)


def cell_for(text: str) -> Cell:
    """The cell of a requirement such as `torch==2.13.0` or `keras==3.15.1:jax`."""
    package, version, mode = _parsed(text)
    return PLANS[package](version, mode)


def _parsed(text: str) -> tuple[str, str, str | None]:
    line, _, mode = text.partition(":")
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        raise UsageError(f"{text!r} is not a requirement: {FORM}") from None
    package = requirement.name.lower().replace("_", "-")
    check_package(package)
    clauses = list(requirement.specifier)
    if len(clauses) != 1 or clauses[0].operator != "==" or clauses[0].version.endswith("*") or requirement.extras:
        raise UsageError(f"{text!r} does not name one version: {FORM}")
    return package, clauses[0].version, _mode(package, mode)


def check_package(package: str) -> None:
    """Raise UnknownName for a package whose releases are no subjects."""
    if package not in PLANS:
        raise UnknownName("framework", package, PLANS)


def _mode(package: str, mode: str) -> str | None:
    known = MODES.get(package, ())
    if mode and not known:
        raise UsageError(f"{package} has no modes: leave out {':' + mode!r}")
    if mode and mode not in known:
        raise UnknownName(f"mode of {package}", mode, known)
    return mode or USUAL.get(package)


def _mlx(version: str, mode: str | None) -> Cell:
    release = _release("mlx", version)
    cell = _cell(release.pinned, "mlx", mode, [release])
    # On Linux what computes is a package of its own.
    return replace(cell, require=(f"mlx[cpu]=={release.version.public}", *cell.require[1:]))


def _torch(version: str, mode: str | None) -> Cell:
    release = _release("torch", version)
    # Releases before 2.0 import pkg_resources without requiring setuptools.
    extra = ["setuptools"] if release.version < Version("2.0") else []
    return _cell(f"torch=={release.version.public}", "torch", mode, [release], extra)


def _tensorflow(version: str, mode: str | None) -> Cell:
    """One environment for every mode: TensorFlow itself has them all."""
    release = _tensorflow_release(version)
    if release.version >= TENSORFLOW_FOR_KERAS_3:
        raise UsageError(f"tf.keras of tensorflow=={version} is Keras 3: write keras==VERSION, or tf-keras=={version}")
    return _cell(f"tensorflow=={release.version.public}", "tensorflow", None, [release])


def _tf_keras(version: str, mode: str | None) -> Cell:
    release = _release("tf-keras", version)
    series = SpecifierSet(f"=={release.version.major}.{release.version.minor}.*")
    backend = _newest_tensorflow(release, series)
    return _cell(release.pinned, "tensorflow", "tf-keras", [backend, release])


def _keras(version: str, mode: str | None) -> Cell:
    release = _release("keras", version)
    if release.version < KERAS_3:
        raise UsageError(f"keras=={version} is older than Keras 3: for tf.keras write tensorflow==VERSION")
    backends = BACKENDS[mode or "tensorflow"](release)
    return _cell(f"{release.pinned}:{mode}", "keras", mode, [release, *backends])


def _on_tensorflow(keras: Release) -> list[Release]:
    return [_newest_tensorflow(keras, SpecifierSet(f">={TENSORFLOW_FOR_KERAS_3}"))]


def _on_jax(keras: Release) -> list[Release]:
    # jax itself is pure Python; jaxlib's wheels tell which Pythons there are.
    return [_newest_by(package, _horizon(keras)) for package in ("jax", "jaxlib")]


def _on_torch(keras: Release) -> list[Release]:
    """A wheel folder's torch is a CPU build, which the index's is not."""
    local = [file.version for file in releases.files("torch") if file.local and not file.version.is_prerelease]
    return [_release("torch", max(local).public) if local else _newest_by("torch", _horizon(keras))]


def _newest_tensorflow(keras: Release, series: SpecifierSet) -> Release:
    """The newest of the series when that Keras was new; where there was none yet, the first that came."""
    versions = [each for each in releases.finals("tensorflow") if each in series]
    if not versions:
        raise UsageError(f"there is no tensorflow{series} on the index for {keras.pinned}")
    found = [_tensorflow_release(str(each)) for each in versions]
    return ([each for each in found if _before(each.uploaded, _horizon(keras))] or found[:1])[-1]


def _newest_by(package: str, horizon: datetime) -> Release:
    found = [_release(package, str(each)) for each in releases.finals(package)]
    chosen = [each for each in found if each.minors and _before(each.uploaded, horizon)]
    if not chosen:
        raise UsageError(f"there is no release of {package} with a wheel for this machine as of {horizon:%Y-%m-%d}")
    return chosen[-1]


def _tensorflow_release(version: str) -> Release:
    """tensorflow-cpu is the same module and a third of the size, but not every version and machine has it."""
    small = _found("tensorflow-cpu", version)
    return small if small and small.minors else _release("tensorflow", version)


def _release(package: str, version: str) -> Release:
    found = _found(package, version)
    if found is None:
        raise UsageError(_missing(package, Version(version)))
    return found


def _found(package: str, version: str) -> Release | None:
    """A wheel folder's file wins, as its local version is the higher one for pip."""
    wanted = SpecifierSet(f"=={version}", prereleases=True)
    files = [file for file in releases.files(package) if file.version in wanted]
    if not files:
        return None
    chosen = tuple(file for file in files if file.local) or tuple(files)
    uploaded = min((file.uploaded for file in files if file.uploaded), default=None)
    return Release(package, chosen[0].version, chosen, uploaded)


def _missing(package: str, version: Version) -> str:
    versions = list(releases.finals(package))
    if not versions:
        return f"no index has {package}: see `pip config list` and `pip index versions {package}`"
    place = sum(each < version for each in versions)
    start = max(0, min(place - NEAREST // 2 - 1, len(versions) - NEAREST))
    return f"there is no {package}=={version}: the nearest are {', '.join(map(str, versions[start : start + NEAREST]))}"


def _cell(name: str, framework: str, mode: str | None, pinned: list[Release], extra: Iterable[str] = ()) -> Cell:
    require = (*(each.pinned for each in pinned), "numpy", *extra)
    return Cell(name, framework, require, _python(pinned), _as_of(pinned), mode)


def _python(pinned: list[Release]) -> str:
    """The newest Python that is here and has a wheel of each; otherwise the newest, for uv to download."""
    minors = sorted(frozenset.intersection(*(each.minors for each in pinned)), reverse=True)
    if not minors:
        names = " with ".join(each.pinned for each in pinned)
        raise UsageError(f"{names} has no wheel for Python 3.7 or newer on {platform.system()} {platform.machine()}")
    return next((each for each in map("3.{}".format, minors) if interpreters.installed(each)), f"3.{minors[0]}")


def _as_of(pinned: list[Release]) -> str | None:
    """A month after the youngest release; no date where that is still to come."""
    moments = [each.uploaded for each in pinned if each.uploaded]
    if not moments or max(moments) + AFTER > _now():
        return None
    return f"{max(moments) + AFTER:%Y-%m-%d}"


def _horizon(release: Release) -> datetime:
    return min(release.uploaded + AFTER, _now()) if release.uploaded else _now()


def _now() -> datetime:
    return datetime.now(UTC)


def _before(uploaded: datetime | None, horizon: datetime) -> bool:
    return uploaded is None or uploaded <= horizon


def _fits(file: File, minor: int) -> bool:
    python = any(file.requires_python.contains(each) for each in (f"3.{minor}", f"3.{minor}.99"))
    return python and any(_tag_fits(tag, minor) for tag in file.tags)


def _tag_fits(tag: Tag, minor: int) -> bool:
    if tag.platform != "any" and tag.platform not in _platforms():
        return False
    found = re.fullmatch(r"cp3(\d+)", tag.interpreter)
    if found is None:
        return tag.interpreter in ("py3", f"py3{minor}") and tag.abi == "none"
    exact = int(found[1]) == minor and tag.abi in (f"cp3{minor}", f"cp3{minor}m", "none")
    return exact or (tag.abi == "abi3" and int(found[1]) <= minor)


@cache
def _platforms() -> frozenset[str]:
    return frozenset(platform_tags())


PLANS: dict[str, Callable[[str, str | None], Cell]] = {
    "keras": _keras,
    "mlx": _mlx,
    "tensorflow": _tensorflow,
    "tf-keras": _tf_keras,
    "torch": _torch,
}
BACKENDS: dict[str, Callable[[Release], list[Release]]] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
MODES = {"keras": tuple(BACKENDS), "tensorflow": ("graph",)}
# What a requirement without a mode means.
USUAL = {"keras": "tensorflow"}
