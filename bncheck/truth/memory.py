"""What was computed of an array, so that it is computed once."""

from collections import OrderedDict

MOST = 32


class Memory:
    """Remembers what was computed of each of the last few objects, which are told apart by identity."""

    def __init__(self):
        self.kept = OrderedDict()

    def of(self, thing, key, compute):
        """What ``compute()`` gave when it was first asked for the thing and the key."""
        # The thing is kept, too, so that no other is given its place in memory.
        owner, known = self.kept.get(id(thing), (None, None))
        if owner is not thing:
            known = {}
            self.kept[id(thing)] = thing, known
            if len(self.kept) > MOST:
                self.kept.popitem(last=False)
        if key not in known:
            known[key] = compute()
        return known[key]

    def of_all(self, things, key, compute):
        """As :meth:`of`, for several things, the first of which is no None."""
        first, *others = things
        # The others are kept beside what was computed, for the same reason.
        _, found = self.of(first, (key, *map(id, others)), lambda: (others, compute()))
        return found
