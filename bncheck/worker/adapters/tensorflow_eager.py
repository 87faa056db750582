"""TF 2: a call of a layer is its result, and the random state is the process's."""

import inspect

import tensorflow as tf

from . import Unsupported
from .tensorflow_graph import default_dtype


class Eager:
    """Calls of layers as they are made, and gradients with a GradientTape."""

    counts_ops = False
    options = ("mask", "compiled")

    def __init__(self, keras, dtype):
        self.keras, self.dtype = keras, dtype
        self.compiled = {}

    def active(self):
        """The model's dtype is Keras's default."""
        return default_dtype(self.keras, self.dtype)

    def reset(self):
        """Drop what Keras holds of models built before."""
        self.keras.backend.clear_session()

    def initialise(self, variables):
        """Nothing: eager variables have their values."""

    def read(self, variables):
        """The values of the variables."""
        return [v.numpy() for v in variables]

    def assign(self, pairs):
        """Give each variable its value."""
        for variable, value in pairs:
            variable.assign(value)

    def forward(self, model, x, training, compiled=None):
        """The network's output."""
        run = self._function(("forward", training), compiled, lambda x: model.call(x, training))
        return run(tf.convert_to_tensor(x)).numpy()

    def forward_masked(self, model, x, training, mask):
        """The network's output for an input with a mask."""
        return model.call(tf.convert_to_tensor(x), training, tf.convert_to_tensor(mask)).numpy()

    def backward(self, model, x, dy, training, sources, compiled=None):
        """The output, and the gradients of sum(y * dy) by x and by each source."""

        def run(x, dy):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = model.call(x, training)
            return y, tape.gradient(y, [x, *sources], dy, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        run = self._function(("backward", training, len(sources)), compiled, run)
        y, found = run(tf.convert_to_tensor(x), tf.convert_to_tensor(dy))
        return y.numpy(), found[0].numpy(), [gradient.numpy() for gradient in found[1:]]

    def _function(self, key, kind, function):
        """The function as it is, as a graph, or as what XLA makes of it."""
        if not kind:
            return function
        if (key, kind) not in self.compiled:
            self.compiled[key, kind] = tf.function(function, autograph=False, **_compiler(kind))
        return self.compiled[key, kind]

    def second(self, model, x, dy, v, training):
        """dx, and the gradients of sum(dx * v) by x and by dy, with tapes within each other."""
        x, dy, v = (tf.convert_to_tensor(each) for each in (x, dy, v))
        with tf.GradientTape() as outer:
            outer.watch([x, dy])
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = model.call(x, training)
            dx = inner.gradient(y, x, dy)
        found = outer.gradient(dx, [x, dy], v, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [each.numpy() for each in (dx, *found)]


def _compiler(kind):
    """How ``tf.function`` is told to use XLA: by another name up to 2.4."""
    if kind != "fused":
        return {}
    for name in ("jit_compile", "experimental_compile"):
        if name in inspect.signature(tf.function).parameters:
            return {name: True}
    raise Unsupported("TensorFlow %s has no function that XLA compiles" % tf.__version__)
