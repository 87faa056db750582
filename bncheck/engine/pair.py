"""Two subjects that a differential law compares."""


class Pair:
    """Runs each case on both subjects."""

    def __init__(self, first, second):
        self.first, self.second = first, second
        self.name = f"{first.name} ~ {second.name}"
        self.conventions = first.conventions

    @property
    def capabilities(self):
        """What both can do."""
        return self.first.capabilities & self.second.capabilities

    @property
    def beside(self):
        """What was asked together, of the first as of the second."""
        return self.first.beside

    @property
    def plainly(self):
        """Whether every case is run on a newly built model."""
        return self.first.plainly

    @plainly.setter
    def plainly(self, value):
        self.first.plainly = self.second.plainly = value

    def run(self, case):
        """The two traces of a case."""
        return self.first.run(case), self.second.run(case)

    def prefetch(self, cases, judged=None):
        """Send the cases to both."""
        cases = list(cases)
        self.first.prefetch(cases, judged)
        self.second.prefetch(cases, judged)

    def packed(self, cases):
        """The packed cases that either's remembered traces were cut out of."""
        found = [*self.first.packed(cases), *self.second.packed(cases)]
        return list({whole.digest: whole for whole in found}.values())

    def renew(self, cases):
        """Have both run the packed cases again."""
        self.first.renew(cases)
        self.second.renew(cases)

    def forget(self):
        """Have both give up the traces that they remember."""
        self.first.forget()
        self.second.forget()
