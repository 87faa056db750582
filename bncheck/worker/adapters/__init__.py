"""One file a framework: what makes it speak our conventions.

An adapter module has a class ``Adapter``, and may have a function ``prepare(mode)`` for what has to be settled before
the user's own layer, and with it the framework, is imported:

``Adapter(mode, batch_norm)``
    ``mode`` is None or a string (a Keras backend, say); ``batch_norm`` is None or the user's drop-in for the
    framework's own class.  Raises ValueError for a mode that it does not know.
``describe()``
    A dict: ``framework``, ``version``, ``capabilities`` (a list of strings), ``dtypes`` (a list of strings).
``build(network, shape, dtype, seed)``
    A model.  ``network`` is a list of dicts, each with ``layer`` (its kind) and that layer's own fields; ``shape`` is
    the first input's, rows included.  The framework's random state is seeded with ``seed`` before the first layer is
    made, and all layers are made in order, as a user would, so that initial weights are what a user would get.

A model has ``set_state(state)``, ``state()``, ``forward(x, training)``, ``backward(x, dy, training)`` (a dict of ``y``,
``dx`` and ``params``, the gradients of sum(y * dy)), ``fit(x, y, loss, optimizer, batch_size, epochs)`` (the loss of
each epoch), ``train(x, y, loss, optimizer, batch_size, epochs, shuffle, validation, accuracy)`` (a list of a number
for each epoch, by name: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``), ``freeze(layer, on)`` and
``save_load()``.  A state is a list as long as the network; each entry maps
``kernel``, ``bias`` (Dense; the kernel is (inputs, units)), ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``
(BatchNorm) to arrays, and is empty for a layer without weights.  What a framework does not offer raises Unsupported.

What a framework may lack, a model may leave out: ``second_backward(x, dy, v, training)`` (a dict of ``dx``, ``ddx`` and
``ddy``), ``forward_fixed(x, fixed, training)``, ``predict(x, batch_size)``, ``evaluate(x, y, loss, batch_size)``,
``track(layer, on)`` and ``batches()``.  ``options`` names the further keywords that it takes: ``mask`` (``forward``),
``compiled`` (``forward`` and ``backward``), ``layout`` (``set_state``).  Arrays may be views: a layout that a framework
refuses is Unsupported.
An adapter whose models are large says in ``kept_models`` how many of them are kept to be used again.
"""

import importlib
import importlib.util
import os
import re
import sys

from ..program import Unsupported

__all__ = ["Unsupported", "describe", "load"]


class LayerError(Exception):
    """The user's own layer cannot be loaded, or is no class."""

    layer = True


def load(name, mode=None, layer=None):
    """The adapter of that name; ``layer`` is ``FILE.py:NAME`` or ``module:NAME``, the user's own class."""
    if not re.match(r"^[a-z_0-9]+$", name):
        raise ValueError("no adapter is called %r" % name)
    module = importlib.import_module("." + name, __name__)
    getattr(module, "prepare", lambda mode: None)(mode)
    return module.Adapter(mode, load_layer(layer) if layer else None)


def load_layer(text):
    """The class or factory that ``FILE.py:NAME`` or ``module:NAME`` names.  Raises LayerError, in one line."""
    source, _, name = text.rpartition(":")
    try:
        if source.endswith(".py"):
            sys.path.append(os.path.dirname(os.path.abspath(source)))
            spec = importlib.util.spec_from_file_location("bncheck_users_layer", source)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        else:
            sys.path.append(os.getcwd())
            module = importlib.import_module(source)
        found = getattr(module, name)
    except (Exception, SystemExit) as error:
        message = " ".join(str(error).split())
        raise LayerError("--layer %s does not import: %s: %s" % (text, type(error).__name__, message)) from None
    if not callable(found):
        raise LayerError("--layer %s is no layer: a %s, not a class" % (text, type(found).__name__))
    return found


def describe(adapter):
    """The adapter's own description with the interpreter's version and its packages'."""
    found = dict(adapter.describe())
    found["python"] = "%d.%d.%d" % sys.version_info[:3]
    found["packages"] = _packages()
    return found


def _packages():
    try:
        from importlib.metadata import distributions
    except ImportError:  # Python 3.7
        return _packages_by_folder()
    return {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}


def _packages_by_folder():
    """Names and versions from the names of the folders that installers leave."""
    entries = [entry for path in sys.path if os.path.isdir(path) for entry in os.listdir(path)]
    found = [re.match(r"^(.+?)-([^-]+)(-py[0-9.]+)?\.(dist|egg)-info$", entry) for entry in entries]
    return {match.group(1).replace("_", "-"): match.group(2) for match in found if match}
