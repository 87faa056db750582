"""Keras 3.0 and newer on one of its backends (``mode``: ``tensorflow``, ``jax`` or ``torch``)."""

import contextlib
import os
import tempfile

import numpy as np

from . import Unsupported, keras_training
from .keras_backends import BACKENDS

WEIGHTS = {"Dense": ("kernel", "bias"), "BatchNorm": ("gamma", "beta", "moving_mean", "moving_variance")}
DTYPES = ("float32", "float64")
POLICIES = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}
RANDOM = frozenset(["Dense", "Dropout", "Detached"])
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_TORCH_DEVICE": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Keras reads its defaults from a file in this folder, and writes one where there is none.
    "KERAS_HOME": os.devnull,
}


def prepare(mode=None):
    """Keras reads its backend and its settings from the environment when it is first imported."""
    mode = mode or "tensorflow"
    if mode not in BACKENDS:
        raise ValueError("keras has no mode %r: it has %s" % (mode, ", ".join(sorted(BACKENDS))))
    os.environ.update(ENVIRONMENT, KERAS_BACKEND=mode)


class Adapter:
    """Keras on one backend, on the CPU, layer by layer; ``fit`` is Keras's own."""

    def __init__(self, mode=None, batch_norm=None):
        prepare(mode)
        self.mode = mode or "tensorflow"
        self.backend = BACKENDS[self.mode]()
        import keras

        if keras.config.backend() != self.mode:
            raise ValueError("keras already runs on %s in this process" % keras.config.backend())
        self.keras, self.dtype = keras, None
        self.is_theirs = batch_norm is not None
        self.batch_norm = batch_norm or keras.layers.BatchNormalization
        # Since 3.1 a clear_session collects garbage too, which takes thirty times as long as building a layer.
        takes_flag = "free_memory" in keras.utils.clear_session.__code__.co_varnames
        self.clear_arguments = {"free_memory": False} if takes_flag else {}

    def describe(self):
        """What this Keras is and can do."""
        capabilities = ["inference", "training", "gradients", "fit", "freeze", "save_load", "seed", "networks"]
        capabilities += ["half", "compiled", "fixed_training", "predict", "second_derivatives", "masks"]
        return {
            "framework": "keras",
            "version": self.keras.__version__,
            "mode": self.mode,
            "capabilities": capabilities,
            "dtypes": list(DTYPES),
        }

    def build(self, network, shape, dtype, seed):
        """A model of the network, its weights drawn after ``keras.utils.set_random_seed(seed)``."""
        if dtype not in DTYPES and dtype not in POLICIES:
            raise Unsupported("this adapter has no %s on Keras" % dtype)
        with self.running(dtype):
            self._seed(network, seed)
            return Model(self, network, shape, dtype)

    def _seed(self, network, seed):
        # On TensorFlow each of these two empties the cache of kernels, and the first call of every op afterwards is
        # slow: building and calling a layer takes twice as long.  Where nothing draws a number they change nothing.
        if self.is_theirs or RANDOM.intersection(layer["layer"] for layer in network):
            self.keras.utils.clear_session(**self.clear_arguments)
            self.keras.utils.set_random_seed(seed)

    @contextlib.contextmanager
    def running(self, dtype):
        """Within, ``dtype`` is Keras's own default, and a kernel that the backend lacks raises Unsupported."""
        if dtype != self.dtype:
            self.backend.use(dtype)
            self.keras.config.set_floatx("float32" if dtype in POLICIES else dtype)
            self.keras.mixed_precision.set_dtype_policy(POLICIES.get(dtype, dtype))
            self.dtype = dtype
        try:
            yield
        except self.backend.unimplemented as error:
            raise Unsupported(str(error)) from error

    def layer(self, layer, dtype):
        """The Keras layer that a network's layer describes."""
        kind, layers = layer["layer"], self.keras.layers
        extra = {} if dtype == "float32" else {"dtype": POLICIES.get(dtype, dtype)}
        if kind == "Dense":
            return layers.Dense(layer["units"], use_bias=layer["bias"], **extra)
        if kind == "BatchNorm":
            return self._batch_norm(layer, extra)
        if kind == "Dropout":
            return layers.Dropout(layer["rate"], **extra)
        if kind == "Detached":
            return self.layer(layer["of"], dtype)
        return layers.Activation("linear" if kind == "Linear" else layer["name"], **extra)

    def _batch_norm(self, layer, extra):
        if layer["momentum"] is None:
            raise Unsupported("Keras has no average of all batches")
        return self.batch_norm(
            axis=layer["axis"],
            momentum=layer["momentum"],
            epsilon=layer["eps"],
            center=layer["center"],
            scale=layer["scale"],
            **extra,
        )


class Model:
    """The network's layers, called one after another; a Sequential of them is made where Keras trains or saves.

    All layers are constructed before the first is built, as within ``Sequential([...])``.
    """

    options = ("mask", "compiled")

    def __init__(self, adapter, network, shape, dtype):
        self.adapter, self.keras, self.backend = adapter, adapter.keras, adapter.backend
        self.shape, self.dtype, self.made = tuple(shape[1:]), dtype, {}
        self.layers = [adapter.layer(layer, dtype) for layer in network]
        self.called, self.weights, built = [], [], (None, *self.shape)
        for layer, plain in zip(self.layers, network):
            if plain["layer"] != "Detached":
                self.called.append(layer)
                layer.build(built)
                built = (*built[:-1], plain.get("units", built[-1]))
        if adapter.is_theirs and self.called:
            # A user's layer may make its weights when it is called.
            self._sequential()
        for layer, plain in zip(self.layers, network):
            self.weights.append(_weights(layer, WEIGHTS.get(plain["layer"], ())))

    def set_state(self, state):
        """Assign the arrays to the layers' variables."""
        with self.adapter.running(self.dtype):
            for layer, own, values in zip(self.layers, self.weights, state):
                for name, value in values.items():
                    if name not in own:
                        raise Unsupported("%s has no %s" % (type(layer).__name__, name))
                    self.backend.assign(own[name], value)

    def state(self):
        """Every weight and moving statistic, as copies."""
        return [{name: self.backend.read(v) for name, v in own.items()} for own in self.weights]

    def _read(self, array):
        tensor = self.keras.ops.convert_to_tensor(array)
        return self.keras.ops.cast(tensor, self.dtype) if self.dtype in POLICIES else tensor

    def _told(self, tensor):
        if self.dtype in POLICIES:
            tensor = self.keras.ops.cast(tensor, "float32")
        return self.keras.ops.convert_to_numpy(tensor)

    def forward(self, x, training, mask=None, compiled=None):
        """The network's output."""
        with self.adapter.running(self.dtype):
            mask = None if mask is None else self.keras.ops.convert_to_tensor(mask)
            run = self.backend.forward(self.called, training, mask)
            return self._told(self._compiled(("forward", training), compiled, run)(self._read(x)))

    def backward(self, x, dy, training, compiled=None):
        """The output and the gradients of sum(y * dy) with respect to the input and every trainable weight."""
        variables = [v for layer in self.called for v in layer.trainable_variables]
        to_numpy = self.keras.ops.convert_to_numpy
        with self.adapter.running(self.dtype):
            run = self.backend.gradients(self.called, variables, training)
            run = self._compiled(("backward", training, len(variables)), compiled, run)
            y, dx, found = run(self._read(x), self._read(dy))
            by_variable = {id(v): to_numpy(gradient) for v, gradient in zip(variables, found)}
            params = [
                {name: by_variable[id(v)] for name, v in own.items() if id(v) in by_variable} for own in self.weights
            ]
            return {"y": self._told(y), "dx": self._told(dx), "params": params}

    def _compiled(self, key, kind, function):
        return self._once((key, kind), lambda: self.backend.compiled(function, kind)) if kind else function

    def _once(self, key, make):
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def second_backward(self, x, dy, v, training):
        """dx, and the gradients of sum(dx * v) with respect to the input and dy."""
        with self.adapter.running(self.dtype):
            found = self.backend.second(self.called, training)(*map(self._read, (x, dy, v)))
            return dict(zip(("dx", "ddx", "ddy"), map(self._told, found)))

    def forward_fixed(self, x, fixed, training):
        """The output of a functional model, its layers called with ``training=fixed``."""
        with self.adapter.running(self.dtype):
            model = self._once(("fixed", fixed), lambda: self._functional(fixed))
            return self._told(model(self._read(x), training=training))

    def _functional(self, fixed):
        x = self.keras.Input(self.shape, dtype=self.dtype)
        y = x
        for layer in self.called:
            y = layer(y, training=fixed)
        return self.keras.Model(x, y)

    def predict(self, x, batch_size):
        """The output of ``predict``."""
        with self.adapter.running(self.dtype):
            return self._once("whole", self._sequential).predict(x, batch_size=batch_size, verbose=0)

    def evaluate(self, x, y, loss, batch_size):
        """The loss of ``evaluate``."""
        with self.adapter.running(self.dtype):
            model = self._once("whole", self._sequential)
            if not model.compiled:
                model.compile(loss=loss)
            return float(model.evaluate(x, y, batch_size=batch_size, verbose=0))

    def fit(self, x, y, loss, optimizer, batch_size, epochs):
        """Train with ``compile`` and ``fit``; the loss of each epoch is what Keras's History says."""
        with self.adapter.running(self.dtype):
            model = self._sequential()
            model.compile(optimizer=keras_training.make_optimizer(self.keras.optimizers, optimizer), loss=loss)
            history = model.fit(x, y, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0)
        return [float(value) for value in history.history["loss"]]

    def train(self, x, y, **settings):
        """Train with ``compile`` and ``fit``, and nothing that is not asked for."""
        with self.adapter.running(self.dtype):
            return keras_training.train(self.keras.optimizers, self._sequential(), x, y, **settings)

    def freeze(self, layer, on):
        """Freeze as Keras's users do: ``layer.trainable = False``."""
        self.layers[layer].trainable = not on

    def save_load(self):
        """Write the weights with ``save_weights`` and read them back with ``load_weights``."""
        with self.adapter.running(self.dtype), tempfile.TemporaryDirectory() as folder:
            model = self._sequential()
            path = os.path.join(folder, "network.weights.h5")
            model.save_weights(path)
            for variable in model.weights:
                # What is there afterwards comes from the file.
                variable.assign(np.full(variable.shape, np.nan, self.dtype))
            model.load_weights(path)

    def _sequential(self):
        if not self.called:
            raise Unsupported("Keras has no Sequential without a layer")
        return self.keras.Sequential([self.keras.Input(self.shape, dtype=self.dtype), *self.called])


def _weights(layer, names):
    found = {name: getattr(layer, name, None) for name in names}
    return {name: variable for name, variable in found.items() if variable is not None}
