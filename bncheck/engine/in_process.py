"""``bncheck.check``: the laws held against a layer of the user's own, in the user's own process and test."""

import contextlib
import importlib
import os
import random

import numpy as np

from bncheck.cases.arrays import text
from bncheck.engine.examine import Budget, examine, unjudged
from bncheck.errors import UnknownName, UsageError
from bncheck.invariants import load_all
from bncheck.invariants import select as laws_named
from bncheck.subjects import resolve
from bncheck.subjects.subject import Subject
from bncheck.subjects.transport import InProcess
from bncheck.worker import adapters
from bncheck.worker.unchanged import unchanged

BROKEN = ("fail", "error", "inconclusive")


def check(layer_factory, like="torch", *, select=(), ignore=(), max_examples=50, seed=0):
    """Hold a layer to the laws; return the result of each law, or raise AssertionError with the findings as its text.

    ``layer_factory`` stands in for the batch norm of the framework ``like`` (``torch``, ``tensorflow``, ``keras:jax``)
    and is called with that class's own arguments.  ``select`` and ``ignore`` are names and globs of laws.  Laws that
    compare two subjects are left out.  Environment, random states and the framework's settings are afterwards what
    they were.  Raises UsageError for a framework or a law that does not exist.
    """
    laws = [law for law in laws_named(_patterns(select), _patterns(ignore)) if not law.differential]
    if not callable(layer_factory):
        raise UsageError(f"a layer is a class or a function that makes one, not {layer_factory!r:.80}")
    with _unchanged(), contextlib.ExitStack() as stack:
        subject = _subject(layer_factory, like, stack)
        results = examine(subject, laws, Budget(max_examples, seed=seed))
    if any(result.reason == "interrupted" for result in results):
        raise KeyboardInterrupt
    broken = [result for result in results if result.verdict in BROKEN]
    if broken:
        head = f"{subject.name} breaks {len(broken)} of {len(results)} laws"
        raise AssertionError("\n\n".join([head, *map(_told, broken)]))
    unheld = unjudged(laws, results)
    if unheld:
        raise AssertionError(f"no law could be judged on {subject.name}: {unheld}")
    return results


def _patterns(names):
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else tuple(names)


@contextlib.contextmanager
def _unchanged():
    """Afterwards the environment and the random states are what they were."""
    environment, states = dict(os.environ), (random.getstate(), np.random.get_state())
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        random.setstate(states[0])
        np.random.set_state(states[1])


def _subject(layer_factory, like, stack):
    """The subject of a layer; what its adapter changes in the framework is undone when ``stack`` is left."""
    name, _, mode = like.partition(":")
    if name not in resolve.BARE:
        raise UnknownName("framework", name, resolve.BARE)
    module, usual = resolve.BARE[name]
    try:
        adapter = _adapter(module, mode or usual, layer_factory, stack)
    except (ImportError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(f"like={like!r} cannot be used in this process: {reason}") from None
    made = getattr(layer_factory, "__name__", type(layer_factory).__name__)
    return Subject(f"{made} (like {like})", InProcess(adapter, adapters.describe(adapter)))


def _adapter(name, mode, layer_factory, stack):
    module = importlib.import_module(f"{adapters.__name__}.{name}")
    getattr(module, "prepare", lambda mode: None)(mode)
    stack.enter_context(unchanged(name, mode))
    return module.Adapter(mode, layer_factory)


def _told(result):
    """A law's result as a paragraph."""
    law, found = load_all()[result.invariant], result.finding
    lines = [f"{result.invariant}: {law.title}"]
    if result.reason:
        lines.append(f"{result.verdict}: {result.reason}")
    if found is not None:
        lines.append(f"{found.what} at {found.where}" if found.where else found.what)
        numbers = {name: getattr(found, name) for name in ("actual", "expected", "allowed")}
        lines += [f"{name} {value!r}" for name, value in numbers.items() if value is not None]
        lines += [f"mechanism: {found.mechanism}", f"network: {', '.join(map(repr, found.case.network))}"]
        lines += [f"step {i}: {_step(step)}" for i, step in enumerate(found.case.steps)]
    return "\n    ".join(lines)


def _step(step):
    arguments = [f"{name}={_argument(value)}" for name, value in step.said.items()]
    return f"{type(step).__name__}({', '.join(arguments)})"


def _argument(value):
    if isinstance(value, np.ndarray):
        return text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_argument, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_argument(item)}' for name, item in value.items())}}}"
    return repr(value)
