"""Runs what a gate compares: each subject alone, on the same cases; a pinned cell's record is kept and read again."""

import hashlib
import json
import platform
from dataclasses import asdict
from functools import cache
from pathlib import Path

import bncheck
from bncheck.engine import campaign
from bncheck.errors import UsageError
from bncheck.records import record
from bncheck.subjects import provision

ANSWERED = ("pass", "fail", "inapplicable")


def run(specs, laws, budget, workers=1, progress=None):
    """The record of holding each subject to the laws of one subject; those of pinned cells may be kept ones."""
    laws = [law for law in laws if not law.differential]
    kept = {spec: kept_record(_place(spec, laws, budget)) for spec in specs}
    asked = [spec for spec in specs if not kept[spec]]
    found = campaign.run(asked, laws, budget, workers=workers, progress=progress)
    entries = dict(zip(asked, found["cells"], strict=True))
    for spec, entry in entries.items():
        if not found.get("interrupted"):
            _keep({**found, "cells": [entry]}, _place(spec, laws, budget))
    return {**found, "cells": [entries.get(spec) or kept[spec]["cells"][0] for spec in specs]}


def _place(spec, laws, budget):
    """The file of a pinned cell's record; None for a subject that may change."""
    if spec.cell is None or spec.layer:
        return None
    environment = provision.folder(spec.cell).name
    key = {
        "environment": environment,
        "mode": spec.mode,
        "machine": [platform.system(), platform.machine()],
        "bncheck": [bncheck.__version__, source()],
        "laws": [law.name for law in laws],
        "budget": asdict(budget),
    }
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    return provision.cache().parent / "records" / f"{environment}-{digest}.json"


@cache
def source():
    """A digest of bncheck's own files: between two releases they change under one version."""
    root, digest = Path(bncheck.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".toml", ".json"):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()


def kept_record(path):
    """The record that was kept in a file; None where there is none, or none that can be read."""
    try:
        return record.read(path) if path and path.is_file() else None
    except UsageError:
        return None


def _keep(found, path):
    """Keep a record in which every law has its answer; a cache that cannot be written is no fault of the gate's."""
    entry = found["cells"][0]
    if path is None or "error" in entry or any(each["verdict"] not in ANSWERED for each in entry["results"]):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        record.write(found, path)
    except (OSError, UsageError):
        return
