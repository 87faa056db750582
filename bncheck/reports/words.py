"""Words and marks that reports share, and what makes untrusted text safe to print."""

import re

MARKS = {"pass": "✓", "fail": "✗", "inapplicable": "–", "inconclusive": "?", "error": "!"}
MEANINGS = {
    "pass": "holds",
    "fail": "is broken",
    "inapplicable": "does not apply",
    "inconclusive": "is not decided",
    "error": "could not be judged",
}
STYLES = {"pass": "green", "fail": "bold red", "inapplicable": "dim", "inconclusive": "yellow", "error": "bold magenta"}
LONGEST = 2000
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def clean(value, most=LONGEST):
    """One line of printable text: a record's text may come from anywhere, escape sequences and all."""
    plain = ESCAPES.sub("", str(value)[: 4 * most])
    text = "".join(letter if letter.isprintable() else " " for letter in plain)
    return text if len(text) <= most else text[: most - 1] + "…"


def count(number, noun):
    """``1 finding``, ``2 findings``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def convention(value):
    """A trait's value; one that differs by setting is told by its most frequent value and the settings that differ."""
    if not isinstance(value, dict) or not value:
        return str(value)
    settings = {}
    for setting, each in value.items():
        settings.setdefault(str(each), []).append(str(setting))
    ordered = sorted(settings, key=lambda each: (-len(settings[each]), each))
    every = [setting for each in ordered for setting in settings[each]]
    return "; ".join([ordered[0], *(f"{each} at {settings_of(settings[each], every)}" for each in ordered[1:])])


def settings_of(some, every):
    """Settings in few words: a part in which they have every value there is goes unsaid, where they are a full grid."""
    some, every = ([setting.split(", ") for setting in group] for group in (some, every))
    columns = [sorted(set(column)) for column in zip(*some, strict=False)]
    grid = 1
    for column in columns:
        grid *= len(column)
    if grid != len(some):
        return " and ".join(", ".join(parts) for parts in some)
    whole = [len(set(column)) for column in zip(*every, strict=False)]
    return ", ".join(" or ".join(column) for column, size in zip(columns, whole, strict=False) if len(column) < size)
