"""What must hold: one file a law in this folder, found by itself.  This file says what a law is.

A law's module has a docstring (the law, as a fact; then ``Why:``), ``ORIGIN``, ``KIND``, ``NEEDS`` (capabilities),
``CASES`` (a function of :mod:`bncheck.cases.strategies` or of a file beside it), ``EXAMPLES`` (cases that run first,
always), ``check(subject, case)`` and ``mutant()``, the traits of a subject that breaks the law.  ``variants(case)``,
where it is there, names the further cases that the check will run, so that all laws' cases travel in one request.

``check`` returns its margin, the largest error as a share of what is allowed, or None where the case has nothing to
judge; it raises :class:`bncheck.truth.compare.Violation` where the law is broken.  A law of the kind ``differential``
is given a pair of subjects for ``subject``.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache

from packaging.specifiers import SpecifierSet

from bncheck.errors import UnknownName

KINDS = ("reference", "metamorphic", "differential", "contract")


@dataclass(frozen=True)
class Origin:
    """Where a law comes from: a link, and for a bug the affected versions of each framework, or framework:mode.

    ``further`` are the origins of other bugs that the law's examples show.
    """

    link: str
    affected: dict | None = None
    note: str = ""
    further: tuple = ()

    @property
    def each(self):
        """This one, and then the further ones."""
        return (self, *self.further)

    def names(self, subject):
        """Whether a subject, such as ``keras==3.15.1:jax``, is among the affected ones of this bug, or of a further one."""
        framework, _, rest = subject.partition("==")
        version, _, mode = rest.partition(":")
        return any(
            SpecifierSet(versions).contains(version, prereleases=True)
            for origin in self.each
            for name, versions in (origin.affected or {}).items()
            if name in (framework, f"{framework}:{mode}")
        )


PAPER = Origin("https://arxiv.org/abs/1502.03167", note="Ioffe and Szegedy 2015")


@dataclass(frozen=True)
class Invariant:
    """A law."""

    name: str
    doc: str
    origin: Origin
    kind: str
    needs: frozenset
    cases: Callable
    examples: tuple
    check: Callable
    mutant: Callable
    variants: Callable

    @cached_property
    def title(self):
        """The law, as one sentence."""
        return self.doc.strip().split("\n\n")[0].replace("\n", " ")

    @cached_property
    def why(self):
        """Why it matters."""
        return " ".join(self.doc.partition("Why:")[2].split())

    @property
    def share(self):
        """The share of a run's examples that this law gets."""
        return getattr(self.cases, "share", 1.0)

    @property
    def differential(self):
        """Whether the law is about a pair of subjects."""
        return self.kind == "differential"


@lru_cache
def load_all():
    """Every law of this folder, by name, in the order of the names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: _load(name) for name in names}


def _load(name):
    module = importlib.import_module(f"{__name__}.{name}")
    if hasattr(module, "variants"):
        # The search asks for a law's variants, and then the law's check does.
        module.variants = lru_cache(maxsize=4)(module.variants)
    return Invariant(
        name=name,
        doc=module.__doc__,
        origin=module.ORIGIN,
        kind=module.KIND,
        needs=frozenset(module.NEEDS),
        cases=module.CASES,
        examples=tuple(module.EXAMPLES),
        check=module.check,
        mutant=module.mutant,
        variants=getattr(module, "variants", _no_variants),
    )


def _no_variants(case):
    return ()


def select(chosen=(), ignored=()):
    """The laws whose names match one of ``chosen`` (names and globs; all where it is empty) and none of ``ignored``.

    Raises UnknownName for a pattern that matches no law.
    """
    laws = load_all()
    for pattern in (*chosen, *ignored):
        if not any(fnmatchcase(name, pattern) for name in laws):
            raise UnknownName("law", pattern, laws)
    kept = [name for name in laws if not chosen or any(fnmatchcase(name, p) for p in chosen)]
    return [laws[name] for name in kept if not any(fnmatchcase(name, p) for p in ignored)]
