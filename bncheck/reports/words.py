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
