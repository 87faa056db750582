"""uv's long answer, cut down to the package that failed and why."""

import re

LONGEST = 400
TIMED_OUT = re.compile(
    r"timed? ?out|connection (reset|closed|refused)|temporary failure|error sending request|\b50[234] ", re.IGNORECASE
)
# uv has written `× ... ╰─▶ ...`, and later `error: ... cause: ...`.
HEAD = re.compile(r"^\s*(?:×|error:)\s*(.+)")
CAUSE = re.compile(r"^\s*(?:[├╰]─▶|(?:caused by|cause):)\s*(.+)", re.IGNORECASE)
# An inner build's own error says more than uv's words about its exit status.
RAISED = re.compile(r"^\s+((?:\w+\.)*\w*(?:Error|Exception|NotFound)\b:? .*)")


def timed_out(text: str) -> bool:
    """A network that was slow or broken off is worth a second try."""
    return bool(TIMED_OUT.search(text))


def reason(text: str) -> str:
    """One line: what uv could not do, the package's own cause, and the error that an inner build raised."""
    lines = [line for line in text.splitlines() if not line.startswith("warning:")]
    found = [_said(lines, HEAD)[:1], _causes(_said(lines, CAUSE)), _said(lines, RAISED)[-1:]]
    words = ": ".join(dict.fromkeys(part.rstrip(":. ") for parts in found for part in parts))
    words = words or (text.strip().splitlines() or ["uv gave no reason"])[-1].strip()
    return words if len(words) <= LONGEST else words[: LONGEST - 4].rstrip() + " ..."


def _said(lines: list[str], pattern: re.Pattern) -> list[str]:
    matches = ((number, pattern.match(line)) for number, line in enumerate(lines))
    return [" ".join([match.group(1), *_wrapped(lines[number + 1 :])]) for number, match in matches if match]


def _causes(causes: list[str]) -> list[str]:
    """The last cause that names a package or an address, and the innermost one."""
    named = [cause for cause in causes if cause.startswith("Failed to ")]
    return list(dict.fromkeys(named[-1:] + causes[-1:]))


def _wrapped(lines: list[str]) -> list[str]:
    """The lines into which uv wrapped a long sentence: indented, without a mark of their own."""
    words = []
    for line in lines:
        if not re.match(r"^\s+(│\s+)?[\w`(]", line) or any(each.match(line) for each in (HEAD, CAUSE, RAISED)):
            break
        words.append(line.strip(" │"))
    return words
