"""Training as torch's users write it: an epoch's rows are shuffled with ``torch.randperm``, batch by batch."""

import torch

LOSSES = {"mse": torch.nn.MSELoss, "binary_crossentropy": torch.nn.BCELoss}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
NAMES = {"learning_rate": "lr"}


def train(modules, call, x, y, loss, optimizer, batch_size, epochs, shuffle, validation, accuracy):
    """For each number a list with a value for each epoch, named and averaged as Keras's History is.

    ``call(x, training)`` is the network's output.
    """
    held = int(len(x) * (1 - validation))
    loop = Loop(call, LOSSES[loss](), accuracy, batch_size)
    step, history = _optimizer(optimizer, modules), {}
    for _ in range(epochs):
        order = torch.randperm(held) if shuffle else torch.arange(held)
        numbers = loop.epoch(x[:held], y[:held], order, step)
        if held < len(x):
            with torch.no_grad():
                found = loop.epoch(x[held:], y[held:], torch.arange(len(x) - held), None)
            numbers.update({"val_" + name: value for name, value in found.items()})
        for name, value in numbers.items():
            history.setdefault(name, []).append(value)
    return history


class Loop:
    """One pass over rows, with or without an optimiser."""

    def __init__(self, call, measure, accuracy, batch_size):
        self.call, self.measure, self.accuracy, self.batch_size = call, measure, accuracy, batch_size

    def epoch(self, x, y, order, step):
        """The means over the rows of the loss, and of the accuracy where it was asked for."""
        total, right = 0.0, 0.0
        for start in range(0, len(x), self.batch_size):
            rows = order[start : start + self.batch_size]
            wanted = y[rows]
            found = self.call(x[rows], step is not None)
            value = self.measure(found, wanted)
            if step is not None:
                step.zero_grad()
                value.backward()
                step.step()
            total += value.item() * len(rows)
            if self.accuracy:
                right += ((found > 0.5) == (wanted > 0.5)).float().mean().item() * len(rows)
        numbers = {"loss": total / len(x)}
        if self.accuracy:
            numbers["accuracy"] = right / len(x)
        return numbers


def _optimizer(spec, modules):
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    given = {NAMES.get(name, name): value for name, value in spec.items() if name != "name"}
    return OPTIMIZERS[spec["name"]](parameters, **given)
