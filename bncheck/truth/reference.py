"""Our own computation of a case: with an error bound for every number, or in a dtype, as a subject of its own."""

import numpy as np

from bncheck.cases.case import Case, SetState
from bncheck.cases.network import BatchNorm, Dense, Dropout
from bncheck.truth import training
from bncheck.truth.bounds import balls
from bncheck.truth.edges import (
    Refused,
    as_if_contiguous,
    as_kept,
    as_read,
    check_late,
    computes_in_single,
    fitting_input,
    fitting_state,
    whole_mask,
)
from bncheck.truth.halves import nearest
from bncheck.truth.layers import MATHS, BatchNormMath, half
from bncheck.truth.plain import Plain
from bncheck.truth.second import second_backward
from bncheck.truth.traits import Traits


def run(case: Case, traits: Traits = Traits()):  # noqa: B008 (frozen)
    """The exact trace of a case: a list with, for each step, a dict as a subject returns it, of balls for arrays."""
    with np.errstate(all="ignore"):
        return Simulation(case, balls(_dtype(case, traits)), traits).run()


def run_in_dtype(case: Case, traits: Traits = Traits(), maths=MATHS):  # noqa: B008 (frozen)
    """The trace of a case computed in its own dtype, as plain arrays; ``maths`` computes each kind of layer."""
    with np.errstate(all="ignore"):
        return Simulation(case, Plain(_dtype(case, traits)), traits, maths).run()


def _dtype(case, traits):
    if traits.precision == "half" and case.half:
        return case.half
    return "float32" if computes_in_single(case, traits) else case.dtype


def _given_first(case):
    """What the first step gives each layer: those weights need no initial values."""
    first = next(iter(case.steps), None)
    return first.state if isinstance(first, SetState) else [{}] * len(case.network)


class Simulation:
    """The state of a network over the steps of one case."""

    def __init__(self, case, arithmetic, traits, maths=MATHS):
        self.case, self.ar, self.traits = case, arithmetic, traits
        self.maths = [maths[type(layer).__name__](arithmetic, layer, traits) for layer in case.network]
        # What a subject reads in a lower precision than it was given is rounded.
        self.given = arithmetic.exact if _dtype(case, traits) == case.dtype else arithmetic.rounded
        self.state = [
            {name: self.given(value) for name, value in own.items() if name not in given}
            for own, given in zip(initial_state(case, traits), _given_first(case), strict=True)
        ]
        self.frozen, self.untracked, self.spoilt = set(), set(), False
        self.fused = traits.but(variance="one_pass") if traits.compiled == "one_pass" else traits

    def run(self):
        """What each step returns."""
        return [self._do(step) for step in self.case.steps]

    def _do(self, step):
        return getattr(self, f"_{type(step).__name__.lower()}")(step)

    def _setstate(self, step):
        for own, given in zip(self.state, step.state, strict=True):
            read = {name: as_kept(self._read(value, step.layout), self.traits) for name, value in given.items()}
            own.update({name: self._once(v) for name, v in fitting_state(own, read, self.traits).items()})
        if self.traits.memory_layout == "gamma_by_pointer":
            for math, given in zip(self.maths, step.state, strict=True):
                if "gamma" in given:
                    math.misread = self.given(as_if_contiguous(given["gamma"], step.layout))
                math.freed = step.layout == "strided" and "moving_variance" in given
        for math in self.maths if self.traits.batch_count == "forgotten" else ():
            math.batches = 0
        return {}

    def _read(self, array, layout):
        return as_read(array, layout, self.traits)

    def _state(self, step):
        return {"state": [dict(layer) for layer in self.state]}

    def _take(self, array):
        """An input or a cotangent as it was given, in the case's dtype."""
        return self._once(array, self.case.half)

    def _once(self, array, half=""):
        """An array, rounded to ``half`` where it says a dtype; one that several steps or cases have is lifted once."""
        given = self.given
        return self.ar.memory.of(array, (half, given), lambda: given(nearest(array, half) if half else array))

    def _told(self, values):
        """An output or a gradient for an input, in the case's dtype."""
        return self.ar.narrowed(values, self.case.half) if self.case.half else values

    def _forward(self, step):
        x = self._take(self._read(step.x, step.layout))
        y = self.through(x, step.training, step.mask, step.compiled)
        check_late(step.x, self.case, self.traits)
        return {"y": self._told(y)}

    def _backward(self, step):
        y = self.through(self._take(self._read(step.x, step.layout)), step.training, compiled=step.compiled)
        _check_shape("cotangent", step.dy, y)
        dx, params = self.back(self._take(self._read(step.dy, step.layout)))
        params = [{} if i in self.frozen else found for i, found in enumerate(params)]
        return {"y": self._told(y), "dx": self._told(dx), "params": params}

    def _secondbackward(self, step):
        (math,) = self.maths
        if not isinstance(math, BatchNormMath):
            raise NotImplementedError("the reference has second derivatives of batch norm alone")
        dy, v = self._take(step.dy), self._take(step.v)
        self.through(self._take(step.x), step.training)
        dx, _ = self.back(dy)
        ddx, ddy = second_backward(math, dy, v)
        return {"dx": self._told(dx), "ddx": self._told(ddx), "ddy": self._told(ddy)}

    def _forwardfixed(self, step):
        kept = self.traits.fixed_training == "kept"
        return {"y": self._told(self.through(self._take(step.x), step.fixed if kept else step.training))}

    def _predict(self, step):
        return {"y": self._told(self.through(self._take(step.x), False))}

    def _evaluate(self, step):
        y = self.through(self._take(step.x), False)
        _check_shape("target", step.y, y)
        gap = y - self._take(step.y)
        size = len(step.x) if self.traits.evaluation == "over_rows" else step.batch_size
        batches = [gap[start : start + size] for start in range(0, len(step.x), size)]
        losses = [self.ar.mean(each * each, tuple(range(gap.ndim))).reshape(()) for each in batches]
        return {"loss": self.ar.scaled(sum(losses[1:], losses[0]), 1 / len(losses))}

    def _batches(self, step):
        return {"batches": [m.batches if isinstance(m, BatchNormMath) else None for m in self.maths]}

    def through(self, x, training, mask=None, compiled=None):
        """The output for ``x``; moves the moving statistics in training."""
        mask = mask if mask is None else whole_mask(mask, x.shape)
        for i, (layer, math) in enumerate(zip(self.case.network, self.maths, strict=True)):
            if training and isinstance(layer, Dropout) and layer.rate:
                raise NotImplementedError("the reference draws no dropout masks")
            math.traits = self.fused if compiled else self.traits
            moves = training and (i not in self.frozen or self.traits.frozen_layer == "updates")
            moves = moves and (i not in self.untracked or self.traits.tracking_off == "updates")
            batch = training and (i not in self.frozen or self.traits.frozen_output == "batch")
            options = {}
            if isinstance(layer, BatchNorm):
                channels = self.state[i]["moving_mean"].size
                x = fitting_input(x, layer, channels, len(self.case.shape), self.traits)
                options = {"mask": mask}
            x = math.forward(self.state[i], x, moves, batch, **options)
        return self.ar.exact(np.full(x.shape, np.nan)) if self.spoilt else x

    def back(self, dy):
        """The gradients for the input and for the parameters of each layer, after :meth:`through`."""
        params = [{} for _ in self.maths]
        for i in reversed(range(len(self.maths))):
            dy, params[i] = self.maths[i].backward(dy)
        return dy, params

    def _fit(self, step):
        optimizer = OPTIMIZERS[step.optimizer["name"]](self.ar, step.optimizer)
        starts = list(range(0, len(step.x), step.batch_size))
        if self.traits.batch_order == "by_depth" and len(self.case.network) % 2:
            starts.reverse()
        return {"loss": [self._epoch(step, starts, optimizer) for _ in range(step.epochs)]}

    def _epoch(self, step, starts, optimizer):
        total = 0.0
        for start in starts:
            x, y = (self.given(a[start : start + step.batch_size]) for a in (step.x, step.y))
            predicted = self.through(x, training=True)
            _check_shape("target", y, predicted)
            gap = predicted - y
            total += float(np.mean(np.square(np.asarray(getattr(gap, "value", gap), np.float64)))) * x.shape[0]
            _, gradients = self.back(self.ar.part(gap, 2, gap.size))
            optimizer.apply(self.state, [{} if i in self.frozen else g for i, g in enumerate(gradients)])
        return total / len(step.x)

    def _train(self, step):
        return {"history": training.train(self, step, OPTIMIZERS)}

    def _freeze(self, step):
        (self.frozen.add if step.on else self.frozen.discard)(step.layer)
        return {}

    def _track(self, step):
        (self.untracked.discard if step.on else self.untracked.add)(step.layer)
        return {}

    def _saveload(self, step):
        for own in self.state:
            if self.traits.stored_state == "half_when_loaded":
                own.update({name: half(self.ar, value) for name, value in own.items()})
        return {}

    def _attempt(self, step):
        try:
            return self._do(step.of)
        except Refused as error:
            self.spoilt = self.traits.after_failure == "spoilt"
            return {"raised": {"type": "ValueError", "message": str(error)}}


def _check_shape(what, given, y):
    if given.shape != y.shape:
        raise Refused(f"a {what} of shape {given.shape} for an output of shape {y.shape}")


class Sgd:
    """weight -= learning_rate * gradient."""

    def __init__(self, arithmetic, settings):
        self.ar, self.rate = arithmetic, settings["learning_rate"]

    def apply(self, state, gradients):
        """Move every weight that has a gradient."""
        for own, moves in zip(state, gradients, strict=True):
            for name, gradient in moves.items():
                own[name] = own[name] - gradient * self.ar.constant(self.rate)


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with the defaults of the paper."""

    def __init__(self, arithmetic, settings):
        self.ar, self.rate, self.eps = arithmetic, settings["learning_rate"], settings.get("eps", 1e-8)
        self.moments, self.steps = {}, 0

    def apply(self, state, gradients):
        """Move every weight that has a gradient."""
        self.steps += 1
        one, two = 1 / (1 - 0.9**self.steps), 1 / (1 - 0.999**self.steps)
        ar = self.ar
        for i, moves in enumerate(gradients):
            for name, gradient in moves.items():
                zero = ar.scaled(gradient, 0.0)
                first, second = self.moments.get((i, name), (zero, zero))
                first = ar.mix(first, gradient, 0.9)
                second = ar.mix(second, gradient * gradient, 0.999)
                self.moments[i, name] = first, second
                size = ar.root(ar.scaled(second, two)) + ar.constant(self.eps)
                state[i][name] = state[i][name] - ar.scaled(first, one) / size * ar.constant(self.rate)


OPTIMIZERS = {"sgd": Sgd, "adam": Adam}


def initial_state(case, traits: Traits):
    """The initial weights of each layer: Glorot uniform kernels (Glorot and Bengio 2010), ones and zeros.

    They are drawn from the case's seed and the layer's place among the layers that have weights.
    """
    state, width, place = [], case.shape[-1], 0
    for position, layer in enumerate(case.network):
        found = {}
        if isinstance(layer, Dense):
            by = position if traits.initial_weights == "by_position" else place
            limit = np.sqrt(6 / (width + layer.units))
            draw = np.random.default_rng([case.seed, by])
            found["kernel"] = draw.uniform(-limit, limit, (width, layer.units)).astype(case.dtype)
            width = layer.units
            if layer.bias:
                found["bias"] = np.zeros(width, case.dtype)
        elif isinstance(layer, BatchNorm):
            found = _batch_norm_state(layer, case.shape[layer.axis] if len(case.shape) > 2 else width, case.dtype)
            if traits.initial_statistics == "zero_variance":
                found["moving_variance"] = np.zeros_like(found["moving_variance"])
        place += bool(found)
        state.append(found)
    return state


def _batch_norm_state(layer, channels, dtype):
    found = {"moving_mean": np.zeros(channels, dtype), "moving_variance": np.ones(channels, dtype)}
    if layer.scale:
        found["gamma"] = np.ones(channels, dtype)
    if layer.center:
        found["beta"] = np.zeros(channels, dtype)
    return found
