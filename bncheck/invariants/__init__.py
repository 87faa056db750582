"""What must hold: one file a law in this folder, found by itself.  This file says what a law is.

A law's module has a docstring (the law, as a fact; then ``Why:``), ``ORIGIN``, ``KIND``, ``NEEDS`` (capabilities),
``CASES`` (a function of :mod:`bncheck.cases.strategies` or of a file beside it), ``EXAMPLES`` (cases that run first,
always), ``check(subject, case)`` and ``mutant()``, the traits of a subject that breaks the law.  ``variants(case)``,
where it is there, names the further cases that the check will run, so that all laws' cases travel in one request.
``judged(case)`` names those of them that it asks the reference for; where it is not there, that may be all.

What ``check`` compares is most often a number of a trace.  Where it computes one from a trace's arrays, ``COMPUTED``
has for what it is called, without ``the``, a :class:`Computed`, from which a finding's program is made.

``check`` returns its margin, the largest error as a share of what is allowed, or None where the case has nothing to
judge; it raises :class:`bncheck.truth.compare.Violation` where the law is broken.  A law of the kind ``differential``
is given a pair of subjects for ``subject``.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache

from packaging.specifiers import SpecifierSet

from bncheck.cases.case import remembered
from bncheck.errors import UnknownName
from bncheck.subjects.identity import parsed

KINDS = ("reference", "metamorphic", "differential", "contract")


@dataclass(frozen=True)
class Origin:
    """Where a law comes from: a link, and for a bug the affected versions of each framework, or framework:mode.

    What is said of a mode of a framework holds there in place of what is said of the framework.  ``examples`` are the
    places of the law's examples that show the bug, where they are not all; ``further`` are the origins of other bugs.
    """

    link: str
    affected: dict | None = None
    note: str = ""
    examples: tuple = ()
    further: tuple = ()

    @property
    def each(self):
        """This one alone, and then the further ones."""
        return (replace(self, further=()), *self.further)

    def also(self, *bugs):
        """This origin, with further ones."""
        return replace(self, further=bugs)

    def shown_by(self, *places):
        """This origin, shown by the examples at these places."""
        return replace(self, examples=places)

    def naming(self, subject):
        """Those that name a subject, such as ``keras==3.15.1:jax``, as affected."""
        return [origin for origin in self.each if _affects(origin.affected or {}, subject)]


def _affects(affected, subject):
    """Whether the versions hold the subject's; those of its mode, where there are any, in place of its framework's."""
    given = parsed(subject)
    versions = affected.get(given.kind, affected.get(given.framework))
    return versions is not None and SpecifierSet(versions).contains(given.version, prereleases=True)


PAPER = Origin("https://arxiv.org/abs/1502.03167", note="Ioffe and Szegedy 2015")

# Bugs that several laws show.
EPSILON_FLOOR = Origin(
    "https://github.com/tensorflow/tensorflow/issues/37768",
    affected={"tensorflow": ">=1.14.0,<=2.10.1"},
    note="the fused kernel raised an epsilon below 1.001e-5 to it",
)
UNCENTRED_GRADIENT = Origin(
    "https://github.com/keras-team/keras/issues/18795",
    affected={"keras:tensorflow": "==3.0.0"},
    note="the gradient of E[x^2] - E[x]^2 took the mean for a constant",
)
HALF_LAYER = Origin(
    "https://github.com/tensorflow/tensorflow/issues/8535",
    affected={"tensorflow": ">=1.14.0,<=2.2.3"},
    note="the whole layer computed in float16, and its variance overflowed",
)
NO_BFLOAT16 = Origin(
    "https://github.com/tensorflow/tensorflow/issues/55738",
    affected={"tensorflow": ">=2.6.5,<=2.12.1"},
    note="without oneDNN the fused kernel has no bfloat16: nothing came back, and later an error",
)
HALF_WEIGHTS = Origin(
    "https://github.com/keras-team/keras/pull/19391",
    affected={"keras:tensorflow": ">=3.0.0,<=3.1.1"},
    note="gamma and the statistics were cast to the layer's half precision",
)
MASKS_IGNORED = Origin(
    "https://github.com/tensorflow/tensorflow/issues/30161",
    affected={"tensorflow": ">=1.12.3,<=2.11.1"},
    note="the mask was ignored",
)
MASKS_IGNORED_AGAIN = Origin(
    "https://github.com/keras-team/keras/issues/18759",
    affected={"keras:tensorflow": "==3.0.0"},
    note="the mask was ignored again",
)
ONE_MASKED_CHANNEL = Origin(
    "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/layers/normalization/batch_normalization.py",
    affected={"keras:jax": "==3.15.1", "keras:torch": "==3.15.1"},
    note="the moments of a masked batch are squeezed, so that one channel has none",
)
SINGLE_LAYER = Origin(
    "https://github.com/keras-team/keras/issues/23704",
    affected={"keras:jax": "==3.15.1", "keras:torch": "==3.15.1"},
    note="what is called float64 is computed in float32",
)
SINGLE_MOMENTUM = Origin(
    "https://github.com/keras-team/keras/blob/v2.15.0/keras/src/layers/normalization/batch_normalization.py",
    affected={"tensorflow": ">=1.14.0,<=2.21.0"},
    note="1 - momentum becomes a float32, and is then cast to float64",
)
SINGLE_NUMBERS = Origin(
    "https://github.com/ml-explore/mlx/issues/4159",
    affected={"mlx": "==0.32.0"},
    note="a Python number, as momentum is, was rounded to float32 beside float64",
)
XLA = Origin(
    "https://github.com/tensorflow/tensorflow/issues/118701",
    affected={"tensorflow": ">=2.1.4,<=2.21.0", "tensorflow:graph": "<0"},
    note="XLA takes the variance as E[x^2] - E[x]^2; in graph mode nothing is compiled",
)


@dataclass(frozen=True)
class Computed:
    """How a law computes the numbers that it compares, where they are none of a trace: functions of arrays.

    A parameter is called after its array: ``y``, ``dx``, ``gamma_gradient``, ``moving_mean`` or ``moving_variance`` of
    the last step that the law looks at, or ``y_1`` of step 1; and ``x``, ``gamma``, ``beta``, ``axis``, ``eps`` and
    ``momentum`` are the case's.  ``names`` has the names of those that are called otherwise.  For a number of each
    channel inputs and outputs are rows by channels.
    """

    actual: Callable | None = None
    expected: Callable | None = None
    names: dict = field(default_factory=dict)


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
    judged: Callable
    computed: dict = field(default_factory=dict)

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
        module.variants = remembered(module.variants)
    variants = getattr(module, "variants", _no_variants)
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
        variants=variants,
        judged=getattr(module, "judged", variants),
        computed=getattr(module, "COMPUTED", {}),
    )


def _no_variants(case):
    return ()


def asked(laws, cases):
    """All that the laws run for the cases, and those of them that they ask the reference for; one may come twice."""
    run = [each for case in cases for law in laws for each in law.variants(case)]
    return [*cases, *run], [*cases, *(each for case in cases for law in laws for each in law.judged(case))]


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
