"""TF 2: a call of a layer is its result, and the random state is the process's."""

import tensorflow as tf

from .tensorflow_graph import default_dtype


class Eager:
    """Calls of layers as they are made, and gradients with a GradientTape."""

    counts_ops = False

    def __init__(self, keras, dtype):
        self.keras, self.dtype = keras, dtype

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

    def forward(self, model, x, training):
        """The network's output."""
        return model.call(tf.convert_to_tensor(x), training).numpy()

    def forward_masked(self, model, x, training, mask):
        """The network's output for an input with a mask."""
        return model.call(tf.convert_to_tensor(x), training, tf.convert_to_tensor(mask)).numpy()

    def backward(self, model, x, dy, training, sources):
        """The output, and the gradients of sum(y * dy) by x and by each source."""
        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model.call(x, training)
        zero = tf.UnconnectedGradients.ZERO
        found = tape.gradient(y, [x, *sources], tf.convert_to_tensor(dy), unconnected_gradients=zero)
        return y.numpy(), found[0].numpy(), [gradient.numpy() for gradient in found[1:]]
