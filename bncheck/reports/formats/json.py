"""The record itself, its keys in one order, so that two can be compared line by line."""

import json


def render(record, laws):
    """The record as JSON that is read back as a record."""
    return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
