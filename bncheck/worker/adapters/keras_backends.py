"""What Keras leaves to its backend: calls of layers, and their gradients."""

import contextlib
import inspect
import os

import numpy as np

from . import Unsupported


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

    def forward(self, layers, training, mask):
        """What gives the last layer's output for ``x``."""
        return lambda x: _call(layers, x, training, mask)

    def gradients(self, layers, variables, training):
        """What gives the output, and the gradients for ``x`` and for each variable, for ``x`` and ``dy``."""

        def run(x, dy):
            with self.tf.GradientTape() as tape:
                tape.watch(x)
                y = _call(layers, x, training)
            sources = [x] + [v.value for v in variables]
            found = tape.gradient(y, sources, dy, unconnected_gradients=self.tf.UnconnectedGradients.ZERO)
            return y, found[0], found[1:]

        return run

    def second(self, layers, training):
        """What gives dx, ddx and ddy for ``x``, ``dy`` and ``v``: tapes within each other."""

        def run(x, dy, v):
            with self.tf.GradientTape() as outer:
                outer.watch((x, dy))
                with self.tf.GradientTape() as inner:
                    inner.watch(x)
                    y = _call(layers, x, training)
                dx = inner.gradient(y, x, dy)
            zero = self.tf.UnconnectedGradients.ZERO
            return (dx, *outer.gradient(dx, [x, dy], v, unconnected_gradients=zero))

        return run

    def compiled(self, function, kind):
        """The function as a graph, or as what XLA makes of it."""
        return self.tf.function(function, autograph=False, jit_compile=kind == "fused")


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

    def forward(self, layers, training, mask):
        """What gives the last layer's output for ``x``."""
        return Stateful(layers, [], self._pure(layers, [], training, mask))

    def gradients(self, layers, variables, training):
        """What gives the output, and the gradients for ``x`` and for each variable, for ``x`` and ``dy``."""
        call = self._pure(layers, variables, training)

        def run(values, held, x, dy):
            y, pull, moved = self.jax.vjp(lambda values, x: call(values, held, x), values, x, has_aux=True)
            found, dx = pull(dy)
            return (y, dx, found), moved

        return Stateful(layers, variables, run)

    def second(self, layers, training):
        """What gives dx, ddx and ddy for ``x``, ``dy`` and ``v``: the gradient of the gradient."""
        call = self._pure(layers, [], training)

        def run(values, held, x, dy, v):
            def first(x, dy):
                _, pull, moved = self.jax.vjp(lambda x: call(values, held, x), x, has_aux=True)
                return pull(dy)[0], moved

            dx, pull, moved = self.jax.vjp(first, x, dy, has_aux=True)
            return (dx, *pull(v)), moved

        return Stateful(layers, [], run)

    def _pure(self, layers, variables, training, mask=None):
        """A call of the layers without side effects: the output, and what their states move to."""
        from keras import StatelessScope

        states = _states(layers)

        def run(values, held, x):
            mapping = list(zip([*variables, *states], [*values, *held]))
            with StatelessScope(state_mapping=mapping) as scope:
                y = _call(layers, x, training, mask)
            return y, [scope.get_current_value(v) for v in states]

        return run

    def compiled(self, function, kind):
        """The function as ``jax.jit`` compiles it."""
        if kind != "fused":
            raise Unsupported("JAX compiles by XLA alone")
        return Stateful(function.layers, function.variables, self.jax.jit(function.pure))


class Stateful:
    """A pure function of the variables' values, the layers' states and arrays; a call of it moves the states on."""

    def __init__(self, layers, variables, pure):
        self.layers, self.variables, self.pure = layers, variables, pure

    def __call__(self, *arrays):
        states = _states(self.layers)
        found, moved = self.pure([v.value for v in self.variables], [v.value for v in states], *arrays)
        for variable, value in zip(states, moved):
            variable.assign(value)
        return found


class Torch(Backend):
    """Gradients with ``torch.autograd.grad``."""

    unimplemented = NotImplementedError

    def __init__(self):
        import torch

        self.torch = torch
        torch.set_num_threads(1)

    def use(self, dtype):
        """torch computes in the dtype that it is given."""

    def forward(self, layers, training, mask):
        """What gives the last layer's output for ``x``, without a graph."""

        def run(x):
            with self.torch.no_grad():
                return _call(layers, x, training, mask)

        return run

    def gradients(self, layers, variables, training):
        """What gives the output, and the gradients for ``x`` and for each variable, for ``x`` and ``dy``."""

        def run(x, dy):
            x = x.requires_grad_(True)
            y = _call(layers, x, training)
            dx, *found = self._gradients(y, [x] + [v.value for v in variables], dy)
            return y, dx, found

        return run

    def second(self, layers, training):
        """What gives dx, ddx and ddy for ``x``, ``dy`` and ``v``: the gradient of a gradient that has a graph."""

        def run(x, dy, v):
            x, dy = x.requires_grad_(True), dy.requires_grad_(True)
            (dx,) = self.torch.autograd.grad(_call(layers, x, training), [x], dy, create_graph=True)
            return (dx, *self._gradients(dx, [x, dy], v))

        return run

    def _gradients(self, y, sources, dy):
        found = self.torch.autograd.grad(y, sources, dy, allow_unused=True)
        return [self.torch.zeros_like(s) if g is None else g for s, g in zip(sources, found)]

    def compiled(self, function, kind):
        """Nothing: Keras compiles no call of a layer on torch."""
        raise Unsupported("Keras compiles nothing on torch")


def _call(layers, x, training, mask=None):
    for layer in layers:
        takes_mask = mask is not None and "mask" in inspect.signature(layer.call).parameters
        x = layer(x, training=training, **({"mask": mask} if takes_mask else {}))
    return x


def _states(layers):
    return [v for layer in layers for v in layer.non_trainable_variables]


BACKENDS = {"tensorflow": TensorFlow, "jax": Jax, "torch": Torch}
