"""Reports in files: what `--report FORMAT=FILE` asks for, checked before anything runs and written at the end."""

import os
from pathlib import Path

from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.reports import formats


def wanted(options, record_file=None):
    """The formats and files of options such as ``html=report.html``.  Raises UsageError where one cannot be written."""
    found = [_wanted(option) for option in options]
    taken = [Path(record_file).resolve()] if record_file else []
    for _, path in found:
        check_writable(path, "--report")
        place = Path(path).resolve()
        if place in taken and (place.is_file() or not place.exists()):
            raise UsageError(f"--report {path}: that file is taken, and each report needs one of its own")
        taken.append(place)
    return found


def _wanted(option):
    name, sign, path = option.partition("=")
    format_ = formats.load(name)
    if not sign or not path:
        raise UsageError(f"--report {option} names no file: write it as --report {name}=FILE")
    return format_, path


def check_writable(path, option):
    """Raise UsageError where a file could not be written, which would be known only after the whole run."""
    place = Path(path).absolute()
    if place.is_dir():
        raise UsageError(f"{option} {path} is a folder: name a file")
    if not place.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {place.parent}")
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        raise UsageError(f"{option} {path} cannot be written")


def write(wanted_, found, laws):
    """Write the reports of a record, all of them or, where one cannot be made, none."""
    try:
        texts = [format_.render(found, laws) for format_, _ in wanted_]
    except RecursionError:
        raise UsageError("the record is nested too deeply to be shown") from None
    for (_, path), text in zip(wanted_, texts, strict=True):
        record.write_text(text, path)
