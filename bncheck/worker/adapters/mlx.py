"""MLX 0.10 and newer: ``mlx.nn.BatchNorm``, channels last in ranks 2 to 4, and the layers around it, on the CPU."""

import os
import tempfile

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers
import numpy as np

from . import Unsupported

NAMES = {
    "Dense": {"kernel": "weight", "bias": "bias"},
    "BatchNorm": {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"},
}
STATISTICS = ("moving_mean", "moving_variance")
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
OPTIMIZERS = {"sgd": mlx.optimizers.SGD, "adam": mlx.optimizers.Adam}
RANKS = (2, 3, 4)


class Adapter:
    """MLX on the CPU; its layers have float32 weights, and float64 ones once they are set."""

    def __init__(self, mode=None, batch_norm=None):
        if mode is not None:
            raise ValueError("mlx has no mode %r" % mode)
        mx.set_default_device(mx.cpu)
        self.batch_norm = batch_norm or nn.BatchNorm

    def describe(self):
        """What this MLX is and can do."""
        capabilities = ["inference", "training", "gradients", "fit", "freeze", "save_load", "seed", "networks"]
        return {
            "framework": "mlx",
            "version": mx.__version__,
            "capabilities": capabilities,
            "dtypes": ["float32", "float64"],
        }

    def build(self, network, shape, dtype, seed):
        """A model of the network, its weights drawn after ``mx.random.seed(seed)``."""
        if dtype not in ("float32", "float64"):
            raise Unsupported("this adapter has no %s on MLX" % dtype)
        mx.random.seed(seed)
        return Model(self, network, shape, getattr(mx, dtype))


class Model:
    """The network's modules, kept one by one so that each has a place in the state."""

    def __init__(self, adapter, network, shape, dtype):
        self.adapter, self.rank, self.frozen = adapter, len(shape), set()
        self.modules, width = [], shape[-1]
        for layer in network:
            built, width = self._module(layer, width, shape)
            built.set_dtype(dtype)
            self.modules.append(built)
        self.names = [NAMES.get(layer["layer"], {}) for layer in network]
        self.names = [{o: t for o, t in names.items() if t in m} for names, m in zip(self.names, self.modules)]

    def _module(self, layer, width, shape):
        kind = layer["layer"]
        if kind == "Dense":
            return nn.Linear(width, layer["units"], bias=layer["bias"]), layer["units"]
        if kind == "BatchNorm":
            return self._batch_norm(layer, width, len(shape)), width
        if kind == "Activation":
            return ACTIVATIONS[layer["name"]](), width
        if kind == "Dropout":
            return nn.Dropout(layer["rate"]), width
        if kind == "Detached":
            self._module(layer["of"], width, shape)
        return nn.Identity(), width

    def _batch_norm(self, layer, width, rank):
        if layer["scale"] != layer["center"]:
            raise Unsupported("mlx has gamma and beta together or not at all")
        if rank not in RANKS or (layer["axis"] != -1 and rank > 2):
            raise Unsupported("mlx has batch normalisation of ranks 2 to 4, with the channels last")
        return self.adapter.batch_norm(width, eps=layer["eps"], momentum=1 - layer["momentum"], affine=layer["scale"])

    def set_state(self, state):
        """Give the modules their arrays; shapes are looked at, as ``load_weights`` does."""
        for module, names, values in zip(self.modules, self.names, state):
            for name, value in values.items():
                if name not in names:
                    raise Unsupported("%s has no %s" % (type(module).__name__, name))
                array = _array(value.T if name == "kernel" else value)
                if array.shape != module[names[name]].shape:
                    raise ValueError("%s of shape %s for %s" % (name, array.shape, module[names[name]].shape))
                module[names[name]] = array

    def state(self):
        """Every parameter and moving statistic, as copies."""
        return [{o: _numpy(module[t], o) for o, t in names.items()} for names, module in zip(self.names, self.modules)]

    def forward(self, x, training):
        """The network's output."""
        self._switch(training)
        return _numpy(self._call(self._input(x)))

    def _input(self, x):
        if x.ndim != self.rank:
            raise Unsupported("one batch norm of MLX is for ranks 2 to 4")
        return _array(x)

    def _call(self, x):
        for module in self.modules:
            x = module(x)
        return x

    def _switch(self, training):
        for i, module in enumerate(self.modules):
            # A module that was frozen by the user stays in inference, as `module.eval()` says.
            module.train(training and i not in self.frozen)

    def backward(self, x, dy, training):
        """The output and the gradients of sum(y * dy) with respect to the input and every parameter."""
        self._switch(training)
        places = self._trainable()
        values = [self.modules[i][self.names[i][name]] for i, name in places]

        def run(x, *values):
            for (i, name), value in zip(places, values):
                self.modules[i][self.names[i][name]] = value
            return [self._call(x)]

        try:
            (y,), found = mx.vjp(run, [self._input(x), *values], [_array(dy)])
        finally:
            for (i, name), value in zip(places, values):
                self.modules[i][self.names[i][name]] = value
        params = [{} for _ in self.modules]
        for (i, name), gradient in zip(places, found[1:]):
            params[i][name] = _numpy(gradient, name)
        return {"y": _numpy(y), "dx": _numpy(found[0]), "params": params}

    def _trainable(self):
        owns = [names if i not in self.frozen else {} for i, names in enumerate(self.names)]
        return [(i, name) for i, own in enumerate(owns) for name in own if name not in STATISTICS]

    def fit(self, x, y, loss, optimizer, batch_size, epochs):
        """Plain minibatch training in the order of the rows with ``nn.value_and_grad``; the mean loss of each epoch."""
        if loss != "mse":
            raise Unsupported("no loss %r" % loss)
        self._switch(True)
        model = nn.Sequential(*self.modules)
        step, x, y = _optimizer(optimizer), _array(x), _array(y)
        measure = nn.value_and_grad(model, lambda x, y: nn.losses.mse_loss(model(x), y))
        losses = []
        for _ in range(epochs):
            total = 0.0
            for start in range(0, x.shape[0], batch_size):
                rows = slice(start, start + batch_size)
                value, gradients = measure(x[rows], y[rows])
                step.update(model, gradients)
                mx.eval(model.parameters(), step.state)
                total += value.item() * x[rows].shape[0]
            losses.append(total / x.shape[0])
        return losses

    def freeze(self, layer, on):
        """Freeze as MLX's users do: ``freeze()`` on the module, and ``eval()``."""
        (self.frozen.add if on else self.frozen.discard)(layer)
        module = self.modules[layer]
        module.freeze() if on else module.unfreeze()

    def save_load(self):
        """Write the weights with ``save_weights`` and load them back; safetensors take no float64 of MLX."""
        with tempfile.TemporaryDirectory() as folder:
            path, model = os.path.join(folder, "network.npz"), nn.Sequential(*self.modules)
            model.save_weights(path)
            # What is there afterwards comes from the file.
            for names, module in zip(self.names, self.modules):
                for name in names.values():
                    module[name] = mx.full(module[name].shape, float("nan"), module[name].dtype)
            model.load_weights(path)
            mx.eval(model.parameters())


def _optimizer(optimizer):
    extra = {"eps": optimizer["eps"], "bias_correction": True} if "eps" in optimizer else {}
    return OPTIMIZERS[optimizer["name"]](learning_rate=optimizer["learning_rate"], **extra)


def _array(array):
    if any(stride < 0 for stride in array.strides):
        raise Unsupported("MLX takes no negative strides")
    dtype = getattr(mx, {"bool": "bool_"}.get(array.dtype.name, array.dtype.name))
    # What is computed from an empty array of NumPy's never ends (seen on 0.32.0 and 0.32.4, on the CPU of Linux).
    return mx.array(array, dtype=dtype) if array.size else mx.zeros(array.shape, dtype)


def _numpy(array, name=None):
    found = np.array(array)
    return np.ascontiguousarray(found.T) if name == "kernel" else found
