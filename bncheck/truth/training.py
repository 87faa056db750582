"""Our own training loop, for the reference as a subject: a Train step in the case's dtype, with its own shuffling."""

from collections import defaultdict

import numpy as np

from bncheck.truth.plain import Plain

RATES = {"sgd": 0.01, "adam": 0.001}
LEAST = 1e-7


def train(simulation, step, optimizers):
    """The history of a Train step on a simulation of a network.

    Raises NotImplementedError where numbers carry bounds: the order of the rows is each subject's own.
    """
    if not isinstance(simulation.ar, Plain):
        raise NotImplementedError("the reference follows no shuffled training: it has no order of rows")
    settings = {"learning_rate": RATES[step.optimizer["name"]], **step.optimizer}
    make = Momentum if settings.get("momentum") else optimizers[settings["name"]]
    loop, history = Loop(simulation, step, make(simulation.ar, settings)), defaultdict(list)
    for numbers in (loop.epoch() for _ in range(step.epochs)):
        for name, value in numbers.items():
            history[name].append(value)
    return dict(history)


class Loop:
    """The epochs of one Train step."""

    def __init__(self, simulation, step, optimizer):
        self.simulation, self.step, self.optimizer = simulation, step, optimizer
        self.rng, self.held = np.random.default_rng(simulation.case.seed), int(len(step.x) * (1 - step.validation))

    def epoch(self):
        """The numbers of one pass over the rows that are trained on, and of those that are held out."""
        rows = np.arange(self.held)
        found = self._mean(self.rng.permutation(rows) if self.step.shuffle else rows, self._move)
        if self.held < len(self.step.x):
            held = self._mean(np.arange(self.held, len(self.step.x)), None)
            found |= {f"val_{name}": value for name, value in held.items()}
        return found

    def _mean(self, order, move):
        step, found = self.step, defaultdict(float)
        for start in range(0, len(order), step.batch_size):
            rows = order[start : start + step.batch_size]
            y = self.simulation.through(step.x[rows], move is not None)
            loss, gradient = LOSSES[step.loss](y, step.y[rows])
            if move:
                move(y, gradient)
            found["loss"] += float(loss) * len(rows) / len(order)
            if step.accuracy:
                found["accuracy"] += float(np.mean((y > 0.5) == (step.y[rows] > 0.5))) * len(rows) / len(order)
        return dict(found)

    def _move(self, y, gradient):
        _, gradients = self.simulation.back(gradient.astype(y.dtype))
        frozen = self.simulation.frozen
        self.optimizer.apply(self.simulation.state, [{} if i in frozen else g for i, g in enumerate(gradients)])


def _mse(y, wanted):
    return np.mean((y - wanted) ** 2), 2 * (y - wanted) / y.size


def _binary_crossentropy(y, wanted):
    p = np.clip(y, LEAST, 1 - LEAST)
    loss = -np.mean(np.where(wanted > 0, np.log(p), np.log(1 - p)))
    return loss, (p - wanted) / (p * (1 - p)) / p.size


LOSSES = {"mse": _mse, "binary_crossentropy": _binary_crossentropy}


class Momentum:
    """SGD with momentum, Nesterov's where it is asked for (Sutskever and others 2013)."""

    def __init__(self, arithmetic, settings):
        self.ar, self.rate, self.share = arithmetic, settings["learning_rate"], settings["momentum"]
        self.ahead, self.velocity = settings.get("nesterov", False), {}

    def apply(self, state, gradients):
        """Move every weight that has a gradient."""
        for i, moves in enumerate(gradients):
            for name, gradient in moves.items():
                pull = self.ar.scaled(gradient, -self.rate)
                held = self.velocity.get((i, name), self.ar.scaled(gradient, 0.0))
                self.velocity[i, name] = self.ar.scaled(held, self.share) + pull
                step = self.velocity[i, name]
                state[i][name] = state[i][name] + (self.ar.scaled(step, self.share) + pull if self.ahead else step)
