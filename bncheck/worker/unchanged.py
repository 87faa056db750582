"""Undoes what adapters change in a framework, for a user's own process in which a layer is held to the laws."""

import contextlib


def unchanged(adapter, mode):
    """A context after which what the adapter uses has the settings and the random state that it had."""
    stack = contextlib.ExitStack()
    for name in [mode or "tensorflow", adapter] if adapter == "keras" else [adapter]:
        stack.enter_context(KEPT.get(name, contextlib.nullcontext)())
    return stack


@contextlib.contextmanager
def _keras():
    """Its dtypes; a seed of Keras's own is forgotten, so that its numbers follow Python's again."""
    import keras

    floatx, policy = keras.config.floatx(), keras.mixed_precision.dtype_policy()
    try:
        yield
    finally:
        keras.utils.clear_session()
        keras.config.set_floatx(floatx)
        keras.mixed_precision.set_dtype_policy(policy)


@contextlib.contextmanager
def _tensorflow():
    """How it logs, and its seed, from the start of that seed's numbers."""
    import tensorflow

    v1 = getattr(tensorflow.compat, "v1", tensorflow)  # 1.12 has no tf.compat.v1
    seed, level = v1.get_seed(None)[0], v1.logging.get_verbosity()
    try:
        yield
    finally:
        v1.set_random_seed(seed)
        v1.logging.set_verbosity(level)


@contextlib.contextmanager
def _jax():
    """Whether it has float64."""
    import jax

    wide = jax.config.jax_enable_x64
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", wide)


@contextlib.contextmanager
def _torch():
    """Its threads and its random state."""
    import torch

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)


KEPT = {"keras": _keras, "tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
