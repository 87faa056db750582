"""The frameworks' batch norm as the plain suite calls it: a new layer a test, arrays in and out."""

import numpy as np


class Torch:
    """``torch.nn.BatchNorm1d``, ``2d``; the variance that moves is over n - 1."""

    axis, ddof = 1, 1

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def layer(self, rank, *, gamma, beta, mean, variance, eps, momentum):
        """A new layer with these weights and statistics."""
        make = self.torch.nn.BatchNorm2d if rank == 4 else self.torch.nn.BatchNorm1d
        layer = make(len(gamma), eps=eps, momentum=1 - momentum)
        with self.torch.no_grad():
            layer.weight.copy_(self.torch.from_numpy(gamma))
            layer.bias.copy_(self.torch.from_numpy(beta))
            layer.running_mean.copy_(self.torch.from_numpy(mean))
            layer.running_var.copy_(self.torch.from_numpy(variance))
        return TorchLayer(self.torch, layer)


class TorchLayer:
    """One layer of torch."""

    def __init__(self, torch, layer):
        self.torch, self.layer, self.frozen = torch, layer, False

    def __call__(self, x, training):
        with self.torch.no_grad():
            return self.layer.train(training and not self.frozen)(self.torch.from_numpy(x)).numpy()

    def freeze(self):
        """Keep it as it is."""
        self.frozen = True

    def statistics(self):
        """The moving mean and variance."""
        return self.layer.running_mean.numpy(), self.layer.running_var.numpy()

    def gradients(self, x, dy, training):
        """The gradients of sum(y dy) for the input, gamma and beta."""
        x = self.torch.from_numpy(x).clone().requires_grad_()
        self.layer.train(training)(x).backward(self.torch.from_numpy(dy))
        return x.grad.numpy(), self.layer.weight.grad.numpy(), self.layer.bias.grad.numpy()


class Keras:
    """``keras.layers.BatchNormalization`` on TensorFlow; the variance that moves is over n."""

    axis, ddof = -1, 0

    def __init__(self):
        import keras
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        self.keras, self.tensorflow = keras, tensorflow

    def layer(self, rank, *, gamma, beta, mean, variance, eps, momentum):
        """A new layer with these weights and statistics."""
        layer = self.keras.layers.BatchNormalization(epsilon=eps, momentum=momentum)
        layer.build((None,) * (rank - 1) + (len(gamma),))
        layer.set_weights([gamma, beta, mean, variance])
        return KerasLayer(self.tensorflow, layer)


class KerasLayer:
    """One layer of Keras."""

    def __init__(self, tensorflow, layer):
        self.tensorflow, self.layer = tensorflow, layer

    def __call__(self, x, training):
        return self.layer(x, training=training).numpy()

    def freeze(self):
        """Keep it as it is."""
        self.layer.trainable = False

    def statistics(self):
        """The moving mean and variance."""
        return self.layer.moving_mean.numpy(), self.layer.moving_variance.numpy()

    def gradients(self, x, dy, training):
        """The gradients of sum(y dy) for the input, gamma and beta."""
        x = self.tensorflow.convert_to_tensor(x)
        with self.tensorflow.GradientTape() as tape:
            tape.watch(x)
            y = self.layer(x, training=training)
        sources = [x, self.layer.gamma.value, self.layer.beta.value]
        return [found.numpy() for found in tape.gradient(y, sources, dy)]


class Reference:
    """Our own layer in NumPy, so that the suite can be tried without a framework."""

    axis, ddof = -1, 0

    def layer(self, rank, *, gamma, beta, mean, variance, eps, momentum):
        """A new layer with these weights and statistics."""
        return ReferenceLayer(gamma, beta, np.array(mean), np.array(variance), eps, momentum)


class ReferenceLayer:
    """One layer in NumPy, its channels last."""

    def __init__(self, gamma, beta, mean, variance, eps, momentum):
        self.gamma, self.beta, self.mean, self.variance = gamma, beta, mean, variance
        self.eps, self.momentum, self.frozen = eps, momentum, False

    def __call__(self, x, training):
        mean, variance = self.mean, self.variance
        if training and not self.frozen:
            axes = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.mean = self.momentum * self.mean + (1 - self.momentum) * mean
            self.variance = self.momentum * self.variance + (1 - self.momentum) * variance
        self.deviation = np.sqrt(variance + self.eps)
        self.normalised = (x - mean) / self.deviation
        return self.normalised * self.gamma + self.beta

    def freeze(self):
        """Keep it as it is."""
        self.frozen = True

    def statistics(self):
        """The moving mean and variance."""
        return self.mean, self.variance

    def gradients(self, x, dy, training):
        """The gradients of sum(y dy) for the input, gamma and beta."""
        self(x, training)
        axes = tuple(range(x.ndim - 1))
        total, dot = dy.sum(axis=axes), (dy * self.normalised).sum(axis=axes)
        rows = x.size // x.shape[-1]
        common = (total + self.normalised * dot) / rows if training else 0
        return self.gamma / self.deviation * (dy - common), dot, total


FRAMEWORKS = {"torch": Torch, "keras": Keras, "reference": Reference}
