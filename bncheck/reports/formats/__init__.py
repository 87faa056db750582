"""The formats of a report: one file a format in this folder, found by itself and imported when it is asked for.

A format's module has ``render(record, laws)``, the report as a text; ``laws`` are the laws by name.
"""

import importlib
import pkgutil

from bncheck.errors import UnknownName


def names():
    """The names of the formats."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name):
    """The format of that name.  Raises UnknownName."""
    if name not in names():
        raise UnknownName("format of a report", name, names())
    return importlib.import_module(f"{__name__}.{name}")
