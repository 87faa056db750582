"""PyTorch 1.4 and newer: ``torch.nn.BatchNorm1d``, ``2d`` and ``3d`` by rank, and the layers around them."""

import io
import os
import shutil

import numpy as np
import torch

from . import Unsupported, torch_training

NAMES = {
    "Dense": {"kernel": "weight", "bias": "bias"},
    "BatchNorm": {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"},
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}
BATCH_NORMS = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
LOSSES = {"mse": torch.nn.MSELoss}
HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
COMPILE_LIMITS, MANY = ("recompile_limit", "cache_size_limit", "accumulated_recompile_limit"), 10000
NO_KERNEL = "not implemented for"
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


class Adapter:
    """torch, on the CPU, eagerly."""

    def __init__(self, mode=None, batch_norm=None):
        if mode is not None:
            raise ValueError("torch has no mode %r" % mode)
        torch.set_num_threads(1)
        self.batch_norm = batch_norm

    def describe(self):
        """What this torch is and can do."""
        capabilities = ["inference", "training", "gradients", "fit", "freeze", "save_load", "seed", "networks"]
        capabilities += ["half", "compiled", "second_derivatives", "counter", "tracking", "state_layouts"]
        return {
            "framework": "torch",
            "version": str(torch.__version__),
            "capabilities": capabilities,
            "dtypes": sorted(DTYPES),
        }

    def build(self, network, shape, dtype, seed):
        """A model of the network, its weights drawn after ``torch.manual_seed(seed)``."""
        if dtype not in DTYPES and dtype not in HALVES:
            raise Unsupported("this adapter has no %s on torch" % dtype)
        torch.manual_seed(seed)
        return Model(self, network, shape, DTYPES.get(dtype, torch.float32), HALVES.get(dtype))


class Model:
    """The network's modules, kept one by one so that each has a place in the state.

    With ``half`` they are float32, and their inputs and cotangents of that dtype.
    """

    options = ("layout", "compiled")

    def __init__(self, adapter, network, shape, dtype, half=None):
        self.adapter, self.rank, self.half = adapter, len(shape), half
        self.modules, self.frozen, self.training, width = [], set(), None, shape[-1]
        self.compiled = {}
        for layer in network:
            built, width = self._module(layer, width, shape)
            self.modules.append(built.to(dtype))
        # Channels last is a view of the same memory: torch wants the channels second.
        self.turned = [layer.get("axis") == -1 and self.rank > 2 for layer in network]
        self.names = [NAMES.get(layer["layer"], {}) for layer in network]
        self.tensors = [_tensors(module, names) for module, names in zip(self.modules, self.names)]

    def _module(self, layer, width, shape):
        kind = layer["layer"]
        if kind == "Dense":
            return torch.nn.Linear(width, layer["units"], bias=layer["bias"]), layer["units"]
        if kind == "BatchNorm":
            last = layer["axis"] == -1 or self.rank == 2
            return self._batch_norm(layer, width if last else shape[1]), width
        if kind == "Activation":
            return ACTIVATIONS[layer["name"]](), width
        if kind == "Dropout":
            return torch.nn.Dropout(layer["rate"]), width
        if kind == "Detached":
            self._module(layer["of"], width, shape)
        return torch.nn.Identity(), width

    def _batch_norm(self, layer, channels):
        if layer["scale"] != layer["center"]:
            raise Unsupported("torch has gamma and beta together or not at all")
        if self.rank not in BATCH_NORMS:
            raise Unsupported("torch has no batch normalisation of rank %d" % self.rank)
        make = self.adapter.batch_norm or BATCH_NORMS[self.rank]
        momentum = None if layer["momentum"] is None else 1 - layer["momentum"]
        return make(channels, eps=layer["eps"], momentum=momentum, affine=layer["scale"])

    def set_state(self, state, layout=None):
        """Load the arrays as users load weights from elsewhere; arrays of a layout become the modules' memory."""
        for module, own, names, values in zip(self.modules, self.tensors, self.names, state):
            if not set(values) <= set(own):
                raise Unsupported("%s has no %s" % (type(module).__name__, ", ".join(sorted(set(values) - set(own)))))
            values = {name: _tensor(value.T if name == "kernel" else value) for name, value in values.items()}
            left = values if layout else _load(module, names, values)
            with torch.no_grad():
                for name, value in left.items():
                    _set(module, own[name], value, layout)

    def state(self):
        """Every parameter and moving statistic, as copies."""
        return [{name: _array(t, name) for name, t in own.items()} for own in self.tensors]

    def forward(self, x, training, compiled=None):
        """The network's output, without a graph."""
        with torch.no_grad():
            return self._told(self._call(self._read(x), training, compiled))

    def _call(self, x, training, compiled=None):
        if training is not self.training:
            self._switch(training)
        try:
            for turned, module in zip(self.turned, self._compiled(compiled) if compiled else self.modules):
                x = _channels_last(module(_channels_second(x))) if turned else module(x)
        except RuntimeError as error:
            if self.half and NO_KERNEL in str(error):
                raise Unsupported(str(error)) from None
            raise
        return x

    def _read(self, array):
        return _tensor(array).to(self.half) if self.half else _tensor(array)

    def _told(self, tensor):
        return (tensor.float() if self.half else tensor).detach().numpy()

    def _compiled(self, kind):
        key = kind, self.training
        if key not in self.compiled:
            self.compiled[key] = [_compile(module, kind) for module in self.modules]
        return self.compiled[key]

    def _switch(self, training):
        for i, module in enumerate(self.modules):
            # A module that was frozen by the user stays in inference, as `module.eval()` says.
            module.train(training and i not in self.frozen)
        self.training = training

    def backward(self, x, dy, training, compiled=None):
        """The output and the gradients of sum(y * dy) with respect to the input and every parameter."""
        x = self._read(x).detach().requires_grad_(True)
        named = [(i, name, t) for i, own in enumerate(self.tensors) for name, t in own.items() if t.requires_grad]
        sources = [x] + [t for _, _, t in named]
        y = self._call(x, training, compiled)
        found = torch.autograd.grad(y, sources, self._read(dy), allow_unused=True)
        found = [torch.zeros_like(s) if g is None else g for s, g in zip(sources, found)]
        params = [{} for _ in self.modules]
        for (i, name, _), gradient in zip(named, found[1:]):
            params[i][name] = _array(gradient, name)
        return {"y": self._told(y), "dx": self._told(found[0]), "params": params}

    def second_backward(self, x, dy, v, training):
        """dx, and the gradients of sum(dx * v) with respect to the input and dy."""
        x, dy = (self._read(each).detach().requires_grad_(True) for each in (x, dy))
        (dx,) = torch.autograd.grad(self._call(x, training), [x], dy, create_graph=True)
        found = torch.autograd.grad(dx, [x, dy], self._read(v), allow_unused=True)
        ddx, ddy = (torch.zeros_like(s) if g is None else g for s, g in zip((x, dy), found))
        return {"dx": self._told(dx), "ddx": self._told(ddx), "ddy": self._told(ddy)}

    def batches(self):
        """What each batch norm has counted."""
        counts = [getattr(module, "num_batches_tracked", None) for module in self.modules]
        return [None if count is None else int(count) for count in counts]

    def fit(self, x, y, loss, optimizer, batch_size, epochs):
        """Plain minibatch training in the order of the rows; the mean loss of each epoch."""
        parameters = [p for module in self.modules for p in module.parameters() if p.requires_grad]
        step, measure, x, y = _optimizer(optimizer, parameters), LOSSES[loss](), _tensor(x), _tensor(y)
        losses = []
        for _ in range(epochs):
            total = 0.0
            for start in range(0, len(x), batch_size):
                rows = slice(start, start + batch_size)
                value = measure(self._call(x[rows], True), y[rows])
                # torch's optimisers refuse to have nothing to train; the moving statistics move all the same.
                if parameters:
                    step.zero_grad()
                    value.backward()
                    step.step()
                total += value.item() * len(x[rows])
            losses.append(total / len(x))
        return losses

    def train(self, x, y, **settings):
        """The loop that torch's users write; all modules see the mode that it sets."""
        return torch_training.train(self.modules, self._call, _tensor(x), _tensor(y), **settings)

    def freeze(self, layer, on):
        """Freeze as torch's users do: ``requires_grad_(False)`` on the parameters, and ``eval()``."""
        (self.frozen.add if on else self.frozen.discard)(layer)
        self.training = None
        for parameter in self.modules[layer].parameters():
            parameter.requires_grad_(not on)

    def track(self, layer, on):
        """As torch's users say it of a layer that they have."""
        self.modules[layer].track_running_stats = on

    def save_load(self):
        """Write the state with ``torch.save`` and load it back."""
        held = io.BytesIO()
        torch.save([module.state_dict() for module in self.modules], held)
        held.seek(0)
        with torch.no_grad():
            for own in self.tensors:
                for tensor in own.values():
                    # What is there afterwards comes from the file.
                    tensor.fill_(float("nan"))
        for module, state in zip(self.modules, torch.load(held)):
            module.load_state_dict(state)


def _compile(module, kind):
    """The module by TorchScript, or where there is torch.compile by its tracer, alone or with its code generator."""
    if not hasattr(torch, "compile"):
        if kind == "fused":
            raise Unsupported("torch %s has no torch.compile" % torch.__version__)
        return torch.jit.script(module)
    if kind == "fused" and not shutil.which(os.environ.get("CXX", "g++")):
        raise Unsupported("torch.compile's code generator wants a C++ compiler")
    # It compiles one forward only so many times, and every model has its own.
    for limit in COMPILE_LIMITS:
        if hasattr(torch._dynamo.config, limit):
            setattr(torch._dynamo.config, limit, MANY)
    return torch.compile(module, backend="aot_eager" if kind == "graph" else "inductor", fullgraph=True)


def _tensors(module, names):
    found = {ours: getattr(module, theirs, None) for ours, theirs in names.items()}
    return {ours: tensor for ours, tensor in found.items() if tensor is not None}


def _optimizer(optimizer, parameters):
    extra = {"eps": optimizer["eps"]} if "eps" in optimizer else {}
    make = OPTIMIZERS[optimizer["name"]]
    return make(parameters, lr=optimizer["learning_rate"], **extra) if parameters else None


def _load(module, names, values):
    """Load the values, with no count of batches; those that a module around the layer has under no name are left."""
    loaded = module.load_state_dict({names[name]: value for name, value in values.items()}, strict=False)
    return {name: value for name, value in values.items() if names[name] in loaded.unexpected_keys}


def _set(module, own, value, layout):
    if own.shape != value.shape:
        # `copy_` would broadcast; a user's state goes through `load_state_dict`.
        state = module.state_dict()
        name = next(name for name, tensor in state.items() if tensor.data_ptr() == own.data_ptr())
        module.load_state_dict(dict(state, **{name: value}))
    elif layout:
        own.data = value
    else:
        own.copy_(value)


def _tensor(array):
    if any(stride < 0 for stride in array.strides):
        raise Unsupported("torch takes no negative strides")
    return torch.from_numpy(array)


def _array(tensor, name):
    found = tensor.detach().clone().numpy()
    return np.ascontiguousarray(found.T) if name == "kernel" else found


def _channels_second(x):
    return x.permute(0, x.dim() - 1, *range(1, x.dim() - 1))


def _channels_last(x):
    return x.permute(0, *range(2, x.dim()), 1)
