"""What Keras leaves to its backend: calls of layers, and their gradients."""

import contextlib
import inspect
import os

import numpy as np


class Backend:
    """What the backends do alike."""

    def assign(self, variable, value):
        """Give a variable its value."""
        variable.assign(value)

    def read(self, variable):
        """A copy of a variable's value: a backend may hand out the variable's own memory."""
        from keras import ops

        return np.array(ops.convert_to_numpy(variable.value))


class TensorFlow(Backend):
    """Gradients with a GradientTape; a variable is set and read without Keras, which takes three times as long."""

    def __init__(self):
        import tensorflow

        self.tf = tensorflow
        self.unimplemented = tensorflow.errors.UnimplementedError
        tensorflow.get_logger().setLevel("ERROR")
        # Within a process that has used TensorFlow already it is too late to choose.
        with contextlib.suppress(RuntimeError):
            tensorflow.config.threading.set_intra_op_parallelism_threads(1)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)

    def use(self, dtype):
        """TensorFlow computes in the dtype that it is given."""

    def assign(self, variable, value):
        """Give a variable its value."""
        variable.value.assign(value, read_value=False)

    def read(self, variable):
        """A copy of a variable's value."""
        held = variable.value
        return self.tf.raw_ops.ReadVariableOp(resource=held.handle, dtype=held.dtype).numpy()

    def forward(self, layers, x, training, mask):
        """The last layer's output."""
        return _call(layers, x, training, mask)

    def gradients(self, layers, variables, x, dy, training):
        """The output, and the gradients for ``x`` and for each variable."""
        with self.tf.GradientTape() as tape:
            tape.watch(x)
            y = _call(layers, x, training)
        sources = [x] + [v.value for v in variables]
        found = tape.gradient(y, sources, dy, unconnected_gradients=self.tf.UnconnectedGradients.ZERO)
        return y, found[0], found[1:]


class Jax(Backend):
    """Gradients with ``jax.vjp`` over a call of the layers in a StatelessScope, as Keras's own trainer does."""

    unimplemented = NotImplementedError

    def __init__(self):
        flags = [os.environ.get("XLA_FLAGS", ""), "--xla_cpu_multi_thread_eigen=false"]
        os.environ["XLA_FLAGS"] = " ".join(filter(None, flags))
        import jax

        self.jax = jax

    def use(self, dtype):
        """JAX has no float64 unless it is told to; float32 runs with JAX as it comes."""
        self.jax.config.update("jax_enable_x64", dtype == "float64")

    def forward(self, layers, x, training, mask):
        """The last layer's output."""
        return _call(layers, x, training, mask)

    def gradients(self, layers, variables, x, dy, training):
        """The output, and the gradients for ``x`` and for each variable; the layers' states move on."""
        from keras import StatelessScope

        states = [v for layer in layers for v in layer.non_trainable_variables]

        def run(values, x):
            with StatelessScope(state_mapping=list(zip(variables, values))) as scope:
                y = _call(layers, x, training)
            return y, [scope.get_current_value(v) for v in states]

        y, pull, moved = self.jax.vjp(run, [v.value for v in variables], x, has_aux=True)
        found, dx = pull(dy)
        for variable, value in zip(states, moved):
            if value is not None:
                variable.assign(value)
        return y, dx, found


class Torch(Backend):
    """Gradients with ``torch.autograd.grad``."""

    unimplemented = NotImplementedError

    def __init__(self):
        import torch

        self.torch = torch
        torch.set_num_threads(1)

    def use(self, dtype):
        """torch computes in the dtype that it is given."""

    def forward(self, layers, x, training, mask):
        """The last layer's output, without a graph."""
        with self.torch.no_grad():
            return _call(layers, x, training, mask)

    def gradients(self, layers, variables, x, dy, training):
        """The output, and the gradients for ``x`` and for each variable."""
        x = x.requires_grad_(True)
        y = _call(layers, x, training)
        sources = [x] + [v.value for v in variables]
        found = self.torch.autograd.grad(y, sources, dy, allow_unused=True)
        found = [self.torch.zeros_like(s) if g is None else g for s, g in zip(sources, found)]
        return y, found[0], found[1:]


def _call(layers, x, training, mask=None):
    for layer in layers:
        takes_mask = mask is not None and "mask" in inspect.signature(layer.call).parameters
        x = layer(x, training=training, **({"mask": mask} if takes_mask else {}))
    return x


BACKENDS = {"tensorflow": TensorFlow, "jax": Jax, "torch": Torch}
