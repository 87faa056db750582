"""tf.keras 1.12 to 2.15, and tf_keras on newer TensorFlow: graphs in TF 1 and in mode ``graph``, eager in TF 2."""

import contextlib
import inspect
import os
import random
import tempfile
import warnings

import numpy as np

from . import Unsupported, keras_training

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # old releases warn of NumPy's own deprecations, once a dtype
    import tensorflow as tf

    from .tensorflow_eager import Eager
    from .tensorflow_graph import Graph, v1

PARAMETERS = {"Dense": ("kernel", "bias"), "BatchNorm": ("gamma", "beta")}
STATISTICS = {"BatchNorm": ("moving_mean", "moving_variance")}
KEPT_GRAPHS = 72  # a graph and its session take 2 MB
DTYPES = ("float32", "float64")
HALVES = ("float16", "bfloat16")
ACTIVATIONS = ("relu", "tanh", "sigmoid")
LOSSES = ("mse",)
MODAL = ("BatchNorm", "Dropout")  # the kinds of layer that training changes
DRAWING = ("Dense", "Dropout")  # the kinds of layer that draw random numbers
NO_KERNEL = (
    "only supports NHWC tensor format",
    "Could not find valid device for node",
    "Could not find device for node",
    "has DataType float64 not in list of allowed values",
)


def prepare(mode=None):
    """One thread; for ``graph`` no eager execution, and for ``tf-keras`` the user's own layer has that package, too."""
    if mode == "tf-keras":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    if mode == "graph" and tf.executing_eagerly():
        v1.disable_eager_execution()
    if tf.executing_eagerly():
        with contextlib.suppress(RuntimeError):  # in a process that has already run an op it is too late
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)


class Adapter:
    """tf.keras on one thread of the CPU; with mode ``graph`` not eagerly, with ``tf-keras`` the tf_keras package."""

    def __init__(self, mode=None, batch_norm=None):
        prepare(mode)
        self.keras, self.batch_norm, self.mode = _keras(mode), batch_norm, mode
        if not tf.executing_eagerly():
            self.kept_models = KEPT_GRAPHS
        v1.logging.set_verbosity(v1.logging.ERROR)

    def describe(self):
        """What this TensorFlow is and can do."""
        capabilities = ["inference", "training", "gradients", "fit", "freeze", "save_load", "seed", "networks"]
        capabilities += ["half", "predict", "second_derivatives", "masks"]
        if tf.executing_eagerly():
            capabilities += ["compiled", "fixed_training"]
        return {
            "framework": "tensorflow",
            "version": tf.__version__,
            "mode": "graph" if self.mode == "graph" else None,
            "capabilities": capabilities,
            "dtypes": list(DTYPES),
        }

    def build(self, network, shape, dtype, seed):
        """A model of the network, its weights drawn after the seed was set: that of the graph in TF 1."""
        if dtype not in DTYPES and dtype not in HALVES:
            raise Unsupported("this adapter has no %s on TensorFlow" % dtype)
        engine = Eager(self.keras, dtype) if tf.executing_eagerly() else Graph(self.keras, dtype)
        draws = self.batch_norm is not None or any(_kind(layer) in DRAWING for layer in network)
        with _running(engine):
            if draws:  # setting a seed drops every compiled kernel, and the next training call is 7 ms slower
                _set_seed(self.keras, seed)
            return Model(self, engine, network, shape, draws)


class Model:
    """The network's layers, kept one by one so that each has a place in the state.

    In half precision each has that dtype; a batch norm's variables are float32 all the same.
    """

    def __init__(self, adapter, engine, network, shape, draws):
        self.keras, self.batch_norm, self.engine = adapter.keras, adapter.batch_norm, engine
        self.network, self.shape, self.sequential, self.fixed = network, shape, None, {}
        self.half = tf.as_dtype(engine.dtype).as_numpy_dtype if engine.dtype in HALVES else None
        self.dtyped = {} if engine.dtype == "float32" else {"dtype": engine.dtype}
        self.layers = [self._make(spec.get("of", spec)) for spec in network]
        self.attached = [(s["layer"], layer) for s, layer in zip(network, self.layers) if s["layer"] != "Detached"]
        # Where an op's number decides its seed, only the user's own way of building gives the user's weights, and a
        # user's layer may make its weights when it is called; all others are several times faster to build bare.
        if self.batch_norm is not None or (draws and engine.counts_ops):
            self.sequential = self._sequential(self._grow)
        else:
            self._grow(None)
        self.parameters, self.statistics = self._variables(PARAMETERS), self._variables(STATISTICS)
        engine.initialise([v for own in self._all() for v in own.values()])

    def _make(self, spec):
        kind, layers, extra = spec["layer"], self.keras.layers, self.dtyped
        if kind == "Dense":
            return layers.Dense(spec["units"], use_bias=spec["bias"], **extra)
        if kind == "BatchNorm":
            return self._make_batch_norm(spec)
        if kind == "Dropout":
            return layers.Dropout(spec["rate"], **extra)
        return layers.Activation(_activation(spec), **extra)

    def _make_batch_norm(self, spec):
        if spec["momentum"] is None:
            raise Unsupported("tf.keras has no average of all batches")
        names = {"axis": "axis", "momentum": "momentum", "eps": "epsilon", "center": "center", "scale": "scale"}
        options = {theirs: spec[ours] for ours, theirs in names.items()}
        if self.batch_norm is not None:  # called as a Sequential model's layer, it takes its dtype from Keras's default
            return self.batch_norm(**options)
        return self.keras.layers.BatchNormalization(**dict(options, **self.dtyped))

    def _grow(self, sequential):
        """Make the weights of the layers in order: added to a Sequential model, where there is one, or bare."""
        shape = [None, *self.shape[1:]]
        for spec, layer in zip(self.network, self.layers):
            if spec["layer"] == "Detached":
                continue  # constructed, as a user does who forgets to add it
            if sequential is not None:
                sequential.add(layer)
            else:
                layer.build(tf.TensorShape(shape))
            if spec["layer"] == "Dense":
                shape[-1] = spec["units"]

    def _sequential(self, fill):
        self.engine.reset()
        sequential = self.keras.Sequential()
        sequential.add(self.keras.layers.InputLayer(self.shape[1:], **self.dtyped))
        fill(sequential)
        return sequential

    def _whole(self):
        """The user's Sequential model of the attached layers, made when it is first needed."""
        if self.sequential is None:
            self.sequential = self._sequential(lambda model: [model.add(layer) for _, layer in self.attached])
        return self.sequential

    def _variables(self, names):
        found = []
        for spec, layer in zip(self.network, self.layers):
            variables = {name: getattr(layer, name, None) for name in names.get(spec["layer"], ())}
            found.append({name: v for name, v in variables.items() if v is not None})
        return found

    def _all(self):
        return [dict(own, **rest) for own, rest in zip(self.parameters, self.statistics)]

    def set_state(self, state):
        """Assign the arrays to the layers' own variables."""
        pairs = []
        for layer, own, values in zip(self.layers, self._all(), state):
            if not set(values).issubset(own):
                raise Unsupported("%s has no %s" % (type(layer).__name__, ", ".join(sorted(set(values) - set(own)))))
            pairs += [(own[name], value) for name, value in values.items()]
        with _running(self.engine):
            self.engine.assign(pairs)

    def state(self):
        """Every weight and moving statistic, as copies."""
        places = [(i, name, v) for i, own in enumerate(self._all()) for name, v in own.items()]
        with _running(self.engine):
            return self._placed(places, self.engine.read([v for _, _, v in places]))

    def _placed(self, places, values):
        found = [{} for _ in self.network]
        for (i, name, _), value in zip(places, values):
            found[i][name] = value
        return found

    @property
    def options(self):
        """What a step may ask for: the engine says."""
        return self.engine.options

    def _read(self, *arrays):
        return [array.astype(self.half) for array in arrays] if self.half else arrays

    def _told(self, *arrays):
        return [array.astype(np.float32) for array in arrays] if self.half else arrays

    def call(self, x, training, mask=None):
        """The output tensor of the attached layers, called one after another."""
        for kind, layer in self.attached:
            masked = {"mask": mask} if mask is not None and _takes_mask(layer) else {}
            x = layer(x, training=training, **masked) if kind in MODAL else layer(x, **masked)
        return x

    def forward(self, x, training, mask=None, **options):
        """The network's output; a layer before 2.12 takes no mask, and is called as if there were none."""
        with _running(self.engine):
            (x,) = self._read(x)
            if mask is None or not any(_takes_mask(layer) for layer in self.layers):
                y = self.engine.forward(self, x, training, **options)
            else:
                y = self.engine.forward_masked(self, x, training, mask)
            return self._told(y)[0]

    def backward(self, x, dy, training, **options):
        """The output and the gradients of sum(y * dy) with respect to the input and every trainable parameter."""
        owns = [own if layer.trainable else {} for own, layer in zip(self.parameters, self.layers)]
        places = [(i, name, v) for i, own in enumerate(owns) for name, v in own.items()]
        with _running(self.engine):
            sources = [v for _, _, v in places]
            y, dx, params = self.engine.backward(self, *self._read(x, dy), training, sources, **options)
            y, dx = self._told(y, dx)
        return {"y": y, "dx": dx, "params": self._placed(places, params)}

    def second_backward(self, x, dy, v, training):
        """dx, and the gradients of sum(dx * v) with respect to the input and dy."""
        with _running(self.engine):
            found = self.engine.second(self, *self._read(x, dy, v), training)
        return dict(zip(("dx", "ddx", "ddy"), self._told(*found)))

    def forward_fixed(self, x, fixed, training):
        """The output of a functional model, its layers called with ``training=fixed``."""
        if self.engine.counts_ops:
            raise Unsupported("this adapter calls no model in a graph")
        with _running(self.engine):
            if fixed not in self.fixed:
                place = self.keras.Input(self.shape[1:], **self.dtyped)
                self.fixed[fixed] = self.keras.Model(place, self.call(place, fixed))
            return self.fixed[fixed](tf.convert_to_tensor(x), training=training).numpy()

    def predict(self, x, batch_size):
        """The output of ``predict``."""
        with _running(self.engine):
            return self._whole().predict(x, batch_size=batch_size)

    def evaluate(self, x, y, loss, batch_size):
        """The loss of ``evaluate``."""
        with _running(self.engine):
            model = self._whole()
            model.compile(optimizer="sgd", loss=loss)
            return float(model.evaluate(x, y, batch_size=batch_size, verbose=0))

    def fit(self, x, y, loss, optimizer, batch_size, epochs):
        """``compile`` and ``fit`` of the Sequential model in the order of the rows; the loss of each epoch."""
        if loss not in LOSSES:
            raise Unsupported("no loss %r" % loss)
        with _running(self.engine):
            model = self._whole()
            model.compile(optimizer=keras_training.make_optimizer(_optimizers(self.keras), optimizer), loss=loss)
            history = model.fit(x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
        return [float(value) for value in history.history["loss"]]

    def train(self, x, y, **settings):
        """``compile`` and ``fit`` of the Sequential model, with nothing that is not asked for."""
        with _running(self.engine):
            return keras_training.train(_optimizers(self.keras), self._whole(), x, y, **settings)

    def freeze(self, layer, on):
        """Set ``trainable``; the next call sees it, and so does ``fit``, which compiles anew."""
        self.layers[layer].trainable = not on

    def save_load(self):
        """Write the weights with ``save_weights``, change them all, and load them back."""
        with _running(self.engine), tempfile.TemporaryDirectory() as folder:
            # The format of 2.12, which this suffix means there, is for eager execution.
            path = os.path.join(folder, "model.weights.h5" if tf.executing_eagerly() else "model.h5")
            model = self._whole()
            model.save_weights(path)
            # What is there afterwards comes from the file.
            self.engine.assign([(v, np.full(v.shape.as_list(), np.nan, self.engine.dtype)) for v in model.weights])
            model.load_weights(path)


def _keras(mode):
    if mode == "tf-keras":
        import tf_keras

        return tf_keras
    if mode not in (None, "graph"):
        raise ValueError("tensorflow has no mode %r" % mode)
    if hasattr(tf.keras, "ops"):
        raise ValueError("tf.keras of TensorFlow %s is Keras 3: use mode tf-keras" % tf.__version__)
    return tf.keras


def _kind(spec):
    return spec["of"]["layer"] if spec["layer"] == "Detached" else spec["layer"]


def _activation(spec):
    if spec["layer"] == "Linear":
        return "linear"
    if spec["layer"] != "Activation" or spec["name"] not in ACTIVATIONS:
        raise Unsupported("no layer %r" % spec)
    return spec["name"]


def _takes_mask(layer):
    return "mask" in inspect.signature(layer.call).parameters


def _set_seed(keras, seed):
    """Seed Python, NumPy and TensorFlow, with the one call for it where Keras has one (2.7 on)."""
    if hasattr(keras.utils, "set_random_seed"):
        keras.utils.set_random_seed(seed)
        return
    random.seed(seed)
    np.random.seed(seed)
    v1.set_random_seed(seed)


def _optimizers(keras):
    # The optimisers of 2.11 are for eager execution; what was there before stands beside them.
    return keras.optimizers if tf.executing_eagerly() else getattr(keras.optimizers, "legacy", keras.optimizers)


@contextlib.contextmanager
def _running(engine):
    """Within, the model's own graph and dtype are the default, and a kernel that TensorFlow lacks is Unsupported."""
    try:
        with engine.active():
            yield
    except tf.errors.UnimplementedError as error:
        raise Unsupported(str(error)) from None
    except (tf.errors.InternalError, tf.errors.NotFoundError, TypeError) as error:
        if any(part in str(error) for part in NO_KERNEL):
            raise Unsupported(str(error)) from None
        raise
