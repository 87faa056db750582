"""What bncheck raises when a request cannot be done: one line for the user, exit code 2."""


class UsageError(Exception):
    """A request that is wrong or cannot be completed; its message is one line: what, and what to do."""


# What lists the names of a kind; the others are few.
LISTED_BY = {
    "law": "bncheck list",
    "law or axis": "bncheck list",
    "value": "bncheck list --traits",
    "cell": "bncheck matrix",
    "cell or framework": "bncheck matrix",
    "environment": "bncheck env list",
}


class UnknownName(UsageError):
    """A name that nothing has, with the nearest names that exist, or the command that lists them."""

    def __init__(self, kind, name, known):
        from difflib import get_close_matches

        near = get_close_matches(name, list(known), n=3, cutoff=0.5)
        listed = f"`{LISTED_BY[kind]}` lists them" if kind in LISTED_BY else f"there are: {', '.join(sorted(known))}"
        hint = f"did you mean {' or '.join(near)}?" if near else listed
        super().__init__(f"no {kind} is called {name!r}: {hint}")
