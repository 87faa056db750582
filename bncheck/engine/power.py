"""What the laws see: the catalogue is held to every mutant, and to faults that are made ever smaller.

Every mutant is judged on the same cases, the examples and what a run of that seed draws, so that what is right is
computed once.  A law is not asked again about a mutant that it has seen.
"""

from dataclasses import dataclass, field
from itertools import product

import bncheck
from bncheck.cases.trace import Malformed, Raised
from bncheck.engine.attribute import mechanism
from bncheck.engine.confirm import confirmed
from bncheck.engine.drawn import by_strategy, count, stream
from bncheck.engine.pair import Pair
from bncheck.invariants import asked
from bncheck.truth.compare import Violation
from bncheck.truth.mutants import Mutant
from bncheck.truth.probe import measure
from bncheck.truth.questions import NEEDED
from bncheck.truth.reference_subject import direct_subject

DTYPES = ("float32", "float64")
SMALLEST, STEPS = 1e-17, 12  # the size that a bisection starts from, and its steps: it ends within a factor of 1.01


def power(mutants, sized, laws, budget, seeds, *, tell=lambda what, done, total: None):
    """Plain values: for each mutant the laws that see it at the first seed, and whether any does at every seed.

    Of ``budget`` the number of examples and the first seed count.  For each fault with a size, and each dtype, the
    smallest size that is seen.
    """
    all_laws, first = by_strategy(laws), budget.seed
    trials = [Trial(mutant) for mutant in mutants]
    for each in range(first, first + seeds if trials else first):
        sweep(trials, all_laws, budget.max_examples, each, once=each != first, tell=tell)
        for trial in trials:
            trial.end(each)
    for number, trial in enumerate(trials, 1):
        trial.name_mechanisms()
        tell("mechanisms", number, len(trials))
    return {
        "bncheck": bncheck.__version__,
        "max_examples": budget.max_examples,
        "seeds": list(range(first, first + seeds)),
        "laws": [law.name for law in laws],
        "mutants": [trial.plain() for trial in trials],
        "sizes": smallest(sized, all_laws, budget, tell),
    }


@dataclass
class Trial:
    """A mutant, and the cases on which laws see it: at the seed that is searched, and at the first one.

    ``mechanisms`` are named by law, of the first seed; ``seeds`` has for each the law that saw it first.
    """

    mutant: Mutant
    seen: dict = field(default_factory=dict)
    first: dict = field(default_factory=dict)
    mechanisms: dict = field(default_factory=dict)
    seeds: dict = field(default_factory=dict)

    def __post_init__(self):
        self.subject, self.pair = self.mutant.subject(), None
        self.subject.conventions = measure(self.subject, NEEDED)
        self.pair = Pair(direct_subject(), self.subject)

    def side(self, law):
        """What a law judges: the mutant, or for a law between two the reference and it."""
        return self.pair if law.differential else self.subject

    def judge(self, law, case):
        """Note the case where the law is broken on it, by newly built models too."""
        try:
            law.check(self.side(law), case)
        except (Violation, Raised, Malformed) as problem:
            found = None if getattr(problem, "unsupported", False) else confirmed(self.side(law), law, case)
            if found:
                self.seen[law.name] = law, found[0]

    def end(self, seed):
        """The seed has been searched: the next one starts without anything seen."""
        self.first = self.first if self.seeds else self.seen
        self.seeds[seed] = next(iter(self.seen), None)
        self.seen = {}

    def name_mechanisms(self):
        """What explains each law's case; what explained one is tried first on the others."""
        for name, (law, case) in self.first.items():
            known = set(self.mechanisms.values())
            self.mechanisms[name] = mechanism(self.side(law), law, case, known=known)

    def plain(self):
        """The trial as plain values."""
        mutant, seeds = self.mutant, {str(seed): law for seed, law in self.seeds.items()}
        told = {"family": mutant.family, "name": mutant.name, "sentence": mutant.sentence}
        return {**told, "seeds": seeds, "laws": self.mechanisms}


def sweep(trials, groups, max_examples, seed, *, once, tell=lambda what, done, total: None):
    """Hold the trials to every law; ``once`` one has seen a mutant, it may be left alone."""
    total = sum(count(group[0], max_examples) for group in groups)
    done = 0
    for group in groups:
        for law in group:
            for case in law.examples:
                _judge(trials, [law], [case], once)
        cases = stream(group[0].cases, seed, count(group[0], max_examples)) if _open(trials, group, once) else ()
        for some in cases:
            _judge(trials, group, some, once)
            done += len(some)
            tell(f"{len(trials)} mutants at seed {seed}", done, total)


def _open(trials, laws, once):
    """The trials with the laws that have still to see them."""
    left = [(trial, [law for law in laws if law.name not in trial.seen]) for trial in trials]
    return [(trial, unseen) for trial, unseen in left if unseen and not (once and trial.seen)]


def _judge(trials, laws, cases, once):
    left = _open(trials, laws, once)
    every = asked(laws, cases) if left else ()
    for trial, unseen in left:
        trial.side(unseen[0]).prefetch(*every)
    for case, law in product(cases, laws):  # the mutants one after the other, so that what is right is computed once
        for trial, _ in left:
            if law.name not in trial.seen and not (once and trial.seen):
                trial.judge(law, case)
    for trial, _ in left:
        trial.pair.forget()


def smallest(sized, groups, budget, tell):
    """For each fault with a size the smallest one that is seen in each dtype, and the laws that see it first."""
    found = {(fault, dtype): (None, []) for fault in sized for dtype in DTYPES}
    ranges = dict.fromkeys(found, (SMALLEST, 1.0))
    for step in range(STEPS + 1):
        middles = {key: low * (high / low) ** 0.5 if step else high for key, (low, high) in ranges.items()}
        trials = {key: Trial(_of_size(*key, size)) for key, size in middles.items()}
        sweep(list(trials.values()), groups, budget.max_examples, budget.seed, once=True)
        for key, trial in trials.items():
            low, high = ranges[key]
            if trial.seen:
                found[key] = middles[key], list(trial.seen)
            ranges[key] = (low, middles[key]) if trial.seen else (middles[key], high)
        tell("sizes", step + 1, STEPS + 1)
    return [
        {
            "name": fault.name,
            "sentence": fault.sentence,
            **{dtype: found[fault, dtype][0] for dtype in DTYPES},
            "laws": {dtype: found[fault, dtype][1] for dtype in DTYPES},
        }
        for fault in sized
    ]


def _of_size(fault, dtype, size):
    made = fault.fault(size, dtype)
    return Mutant("sizes", made.name, made.sentence, fault=made)
