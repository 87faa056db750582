"""Runs what a gate compares: each subject alone, on the same cases; a pinned cell's record is kept and read again.

It is kept when the cell is done, so that a gate which is interrupted goes on from there.
"""

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
    alone = [law for law in laws if not law.differential]
    if not alone:
        between = ", ".join(law.name for law in laws)
        raise UsageError("there is no law to judge" + (f": a gate asks one subject, {between} two" if laws else ""))
    places = {spec: _place(spec, alone, budget) for spec in specs}
    kept = {spec: kept_record(place) for spec, place in places.items()}
    asked = [spec for spec in specs if not kept[spec]]
    keeping = Keeping(progress or campaign.Silent(), {spec.name: places[spec] for spec in asked}, budget)
    found = campaign.run(asked, alone, budget, workers=workers, progress=keeping)
    entries = dict(zip(asked, found["cells"], strict=True))
    return {**found, "cells": [entries.get(spec) or kept[spec]["cells"][0] for spec in specs]}


class Keeping:
    """Keeps the record of each cell that was done before the user stopped, and passes on how the run goes."""

    def __init__(self, progress, places, budget):
        self.progress, self.places, self.budget = progress, places, budget
        self.building, self.running = progress.building, progress.running
        self.started, self.stopped = campaign.now(), False

    def finished(self, name, entry):
        """Keep the cell's record; one without numbers was stopped before its end."""
        if not self.stopped and "numbers" in entry:
            about = {"seed": self.budget.seed, "max_examples": self.budget.max_examples, "started": self.started}
            _keep(record.new([entry], **about), self.places[name])
        self.progress.finished(name, entry)

    def stopping(self):
        """What is done from now on may be done in part."""
        self.stopped = True
        self.progress.stopping()


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
