"""TF 1: each model has a graph and a session of its own, and each kind of step is built once and run many times."""

import contextlib
import weakref

import tensorflow as tf

from . import Unsupported

v1 = getattr(tf.compat, "v1", tf)  # 1.12 has no tf.compat.v1


@contextlib.contextmanager
def default_dtype(keras, dtype):
    """Within, ``dtype`` is Keras's own default: ``fit`` casts arrays to it, whatever the layers say."""
    before = keras.backend.floatx()
    # Half precision is a layer's own: Keras has no bfloat16 there, and the variables are float32.
    keras.backend.set_floatx(dtype if dtype in ("float32", "float64") else "float32")
    try:
        yield
    finally:
        keras.backend.set_floatx(before)


class Graph:
    """A fresh graph, in which ops are numbered as in a user's script, and its session."""

    counts_ops = True
    options = ("mask",)

    def __init__(self, keras, dtype):
        self.keras, self.dtype = keras, dtype
        self.graph = tf.Graph()
        one = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self.session = v1.Session(graph=self.graph, config=one)
        self.steps = {}
        weakref.finalize(self, _release, self.graph, self.session).atexit = False

    @contextlib.contextmanager
    def active(self):
        """Keras builds in the default graph, and takes the default session before its own."""
        with default_dtype(self.keras, self.dtype), self.graph.as_default(), self.session.as_default():
            yield

    def reset(self):
        """Nothing: what Keras holds, it holds for each graph apart."""

    def initialise(self, variables):
        """Draw the initial values."""
        if variables:  # a session refuses to run in an empty graph
            self.session.run([v.initializer for v in variables])

    def read(self, variables):
        """The values of the variables."""
        return self.session.run(variables) if variables else []

    def assign(self, pairs):
        """Run the variables' own initialisers on the values: they are there already, so the graph does not grow."""
        for variable, value in pairs:
            if tuple(variable.shape.as_list()) != value.shape:
                # An initialiser does not look at the shape; what Keras's users call does.
                self.keras.backend.set_value(variable, value)
        variables = [variable for variable, _ in pairs]
        if variables:
            run = self._step(("assign", *[v.name for v in variables]), lambda: self._assigning(variables))
            run(*[value for _, value in pairs])

    def _assigning(self, variables):
        ops = [v.initializer for v in variables]
        return self.session.make_callable(ops, [op.inputs[1] for op in ops])

    def forward(self, model, x, training):
        """The network's output; in training the layers' updates run with it."""
        return self._step(_key("forward", model, x, training), lambda: self._forwarding(model, x, training))(x)[0]

    def _forwarding(self, model, x, training):
        place, y, updates = self._call(model, x, training)
        return self.session.make_callable([y, updates], [place])

    def forward_masked(self, model, x, training, mask):
        """No layer of TF 1 takes a mask."""
        raise Unsupported("a layer with a mask is not run in a graph")

    def backward(self, model, x, dy, training, sources):
        """The output, and the gradients of sum(y * dy) by x and by each source; updates run as in ``forward``."""
        key = _key("backward", model, x, training)
        y, found = self._step(key, lambda: self._backwarding(model, x, training, sources))(x, dy)[:2]
        return y, found[0], found[1:]

    def _backwarding(self, model, x, training, sources):
        place, y, updates = self._call(model, x, training)
        cotangent = v1.placeholder(y.dtype, y.shape)
        inputs = [place, *sources]
        gradients = tf.gradients(y, inputs, grad_ys=cotangent)
        # What is fed cannot be fetched, and the gradient of the identity is what is fed.
        found = [tf.zeros_like(v) if g is None else tf.identity(g) for v, g in zip(inputs, gradients)]
        return self.session.make_callable([y, found, updates], [place, cotangent])

    def second(self, model, x, dy, v, training):
        """dx, and the gradients of sum(dx * v) by x and by dy."""
        return self._step(_key("second", model, x, training), lambda: self._twice(model, x, training))(x, dy, v)[0]

    def _twice(self, model, x, training):
        place, y, updates = self._call(model, x, training)
        dy, v = (v1.placeholder(y.dtype, y.shape) for _ in range(2))
        (dx,) = tf.gradients(y, [place], grad_ys=dy)
        found = zip((place, dy), tf.gradients(dx, [place, dy], grad_ys=v))
        found = [tf.zeros_like(source) if g is None else tf.identity(g) for source, g in found]
        return self.session.make_callable([[tf.identity(dx), *found], updates], [place, dy, v])

    def _call(self, model, x, training):
        """One call of the layers serves ``forward`` and ``backward``."""
        return self._step(_key("call", model, x, training), lambda: self._calling(model, x, training))

    def _calling(self, model, x, training):
        """A new call of the layers: where its input is fed, its output, and the updates that it alone asks for."""
        before = {update for _, layer in model.attached for update in layer.updates}
        place = v1.placeholder(x.dtype, (None, *x.shape[1:]))
        y = tf.identity(model.call(place, training))
        after = [update for _, layer in model.attached for update in layer.updates]
        return place, y, tf.group(*[update for update in after if update not in before])

    def _step(self, key, make):
        if key not in self.steps:
            self.steps[key] = make()
        return self.steps[key]


def _key(kind, model, x, training):
    """What a step was built for: a call keeps the ``trainable`` of the layers at its time."""
    return (kind, training, x.dtype, x.shape[1:], tuple(layer.trainable for layer in model.layers))


def _release(graph, session):
    """Close the session, and end Keras's hold on the graph: the placeholder that it keeps holds a graph for good."""
    from tensorflow.python.keras import backend

    session.close()
    backend._GRAPH_LEARNING_PHASES.pop(graph, None)
