"""``bncheck.check``, on a framework made here and on torch."""

import os
import random
import sys
import types

import numpy as np
import pytest

import bncheck
from bncheck.errors import UnknownName, UsageError
from bncheck.invariants import load_all
from bncheck.subjects import resolve
from bncheck.truth.reference_subject import reference_subject
from bncheck.worker import adapters


class Plain:
    """A batch norm of the made-up framework: inference and training in NumPy, moving statistics over n."""

    def __init__(self, channels, eps, momentum):
        self.eps, self.momentum = eps, momentum
        self.mean, self.variance = np.zeros(channels), np.ones(channels)

    def inverse(self, variance):
        return 1 / np.sqrt(variance + variance.dtype.type(self.eps))

    def __call__(self, x, training):
        if x.shape[1:] != self.mean.shape:
            raise ValueError(f"{x.shape[1:]} channels for a layer of {self.mean.shape}")
        kind = x.dtype.type
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = x.mean(axis=0), ((x - x.mean(axis=0)) ** 2).mean(axis=0)
            keep = kind(self.momentum)
            self.mean = keep * self.mean + (kind(1) - keep) * mean
            self.variance = keep * self.variance + (kind(1) - keep) * variance
        return (x - mean) * self.inverse(variance)


class Outside(Plain):
    """Epsilon beside the root."""

    def inverse(self, variance):
        return 1 / (np.sqrt(variance) + variance.dtype.type(self.eps))


class Overwriting(Plain):
    """Right, but it leaves nothing of its input."""

    def __call__(self, x, training):
        y = super().__call__(x, training)
        x[...] = 77
        return y


class Adapter:
    """Makes the made-up framework speak bncheck's conventions: rank 2 without gamma and beta, no gradients."""

    made = 0

    def __init__(self, mode, batch_norm):
        if mode not in (None, "loud"):
            raise ValueError(f"made-up has no mode {mode!r}: it has loud")
        self.batch_norm = batch_norm

    def describe(self):
        return {"framework": "madeup", "version": "1", "capabilities": ["inference", "training"], "dtypes": []}

    def build(self, network, shape, dtype, seed):
        layer = network[0]
        if len(shape) > 2 or layer["scale"]:
            raise adapters.Unsupported("made-up has no such layer")
        Adapter.made += 1
        return Model(self.batch_norm(shape[1], layer["eps"], layer["momentum"]))


class Model:
    def __init__(self, layer):
        self.layer = layer

    def set_state(self, state):
        self.layer.mean, self.layer.variance = (state[0][f"moving_{name}"].copy() for name in ("mean", "variance"))

    def state(self):
        return [{"moving_mean": self.layer.mean, "moving_variance": self.layer.variance}]

    def forward(self, x, training):
        return self.layer(x, training)

    def backward(self, x, dy, training):
        return {"y": self.layer(x, training), "dx": dy, "params": [{}]}


@pytest.fixture
def madeup(monkeypatch):
    """The made-up framework's adapter among the others."""
    module = types.ModuleType("madeup")
    module.Adapter = Adapter
    monkeypatch.setitem(sys.modules, f"{adapters.__name__}.madeup", module)
    monkeypatch.setitem(resolve.BARE, "madeup", ("madeup", None))


def test_a_sound_layer_passes_and_every_law_has_a_result(madeup):
    results = bncheck.check(Plain, like="madeup", max_examples=60)
    alone = [name for name, law in load_all().items() if not law.differential]
    assert [result.invariant for result in results] == alone
    found = {result.invariant: result.verdict for result in results}
    assert found["training_output_matches_reference"] == found["rows_permute"] == "pass"
    assert found["training_gradient_matches_reference"] == found["linear_activation_is_identity"] == "inapplicable"


def test_a_layer_that_writes_into_its_input_has_arrays_of_its_own(madeup):
    """As it has in a worker: what is expected of it is computed of what it was given."""
    (found,) = bncheck.check(Overwriting, like="madeup", select="training_output_matches*", max_examples=60)
    (right,) = bncheck.check(Plain, like="madeup", select="training_output_matches*", max_examples=60)
    assert (found.verdict, found.cases, found.margin) == ("pass", right.cases, right.margin)


def test_a_wrong_layer_fails_with_the_findings_as_the_text(madeup):
    with pytest.raises(AssertionError) as raised:
        bncheck.check(Outside, like="madeup", select="training_output_matches*", max_examples=60)
    text = str(raised.value)
    assert text.startswith("Outside (like madeup) breaks 1 of 1 laws")
    for part in (
        "training_output_matches_reference: In training the output is gamma",
        "the output in training differs at [0, 0]",
        "expected",
        "allowed",
        "mechanism: epsilon: outside",
        "network: BatchNorm(momentum=0.9, eps=0.001, scale=False, center=False, axis=-1)",
        "Forward(x=[[0.0], [8.0]], training=True)",
    ):
        assert part in text


def test_the_process_is_afterwards_what_it_was(madeup, monkeypatch):
    def seeded(self, network, shape, dtype, seed):
        os.environ.update(MADEUP_SEED=str(seed), MADEUP_DTYPE=dtype)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        return build(self, network, shape, dtype, seed)

    build = Adapter.build
    monkeypatch.setattr(Adapter, "build", seeded)
    monkeypatch.setenv("MADEUP_DTYPE", "mine")
    before = dict(os.environ), random.getstate(), np.random.get_state()[1].tolist()
    bncheck.check(Plain, like="madeup", select="rows_permute", max_examples=200)
    with pytest.raises(AssertionError):
        bncheck.check(Outside, like="madeup", select="training_output_matches*", max_examples=60)
    assert before == (dict(os.environ), random.getstate(), np.random.get_state()[1].tolist())


def test_it_is_deterministic(madeup):
    texts = []
    for _ in range(2):
        with pytest.raises(AssertionError) as raised:
            bncheck.check(Outside, like="madeup", max_examples=60, seed=5)
        texts.append(str(raised.value))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("select", ["rows_permute,shift*", ["rows_permute", "shift*"], ("rows_permute", "shift*")])
def test_laws_are_selected_by_names_and_globs(madeup, select):
    results = bncheck.check(Plain, like="madeup", select=select, max_examples=200)
    assert [result.invariant for result in results] == ["rows_permute", "shift_invariance"]
    results = bncheck.check(Plain, like="madeup", select=select, ignore="rows*", max_examples=200)
    assert [result.invariant for result in results] == ["shift_invariance"]


def test_a_mode_follows_a_colon(madeup):
    assert bncheck.check(Plain, like="madeup:loud", select="rows_permute", max_examples=200)
    with pytest.raises(UsageError, match=r"like='madeup:soft' cannot be used in this process: made-up has no mode"):
        bncheck.check(Plain, like="madeup:soft")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"like": "tourch"}, "no framework is called 'tourch': did you mean torch"),
        ({"like": ""}, "no framework is called '': there are: "),
        ({"select": "row_permute"}, "no law is called 'row_permute': did you mean rows_permute"),
        ({"ignore": ["nothing*"]}, r"no law is called 'nothing\*'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(options, message):
    with pytest.raises(UnknownName, match=message):
        bncheck.check(Plain, **options)


def test_what_is_no_layer_is_refused():
    with pytest.raises(UsageError, match="a layer is a class or a function"):
        bncheck.check(3)


def test_a_framework_that_does_not_import_is_told_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.delitem(sys.modules, f"{adapters.__name__}.tensorflow", raising=False)
    with pytest.raises(UsageError, match=r"like='tensorflow' cannot be used in this process: .*tensorflow") as raised:
        bncheck.check(Plain, like="tensorflow")
    assert "\n" not in str(raised.value)


def test_a_layer_of_which_nothing_can_be_judged_does_not_pass(madeup):
    def refuses(*arguments):
        raise NotImplementedError("later")

    with pytest.raises(
        AssertionError, match=r"no law could be judged on refuses .*the subject offers none of the cases"
    ):
        bncheck.check(refuses, like="madeup", select="rows_permute", max_examples=10)


def test_a_layer_does_not_pass_by_the_laws_of_networks_alone(madeup, monkeypatch):
    def build(self, network, shape, dtype, seed):
        if any(layer["layer"] == "BatchNorm" for layer in network):
            raise adapters.Unsupported("no such layer")
        return Model(lambda x, training: x)

    monkeypatch.setattr(Adapter, "build", build)
    monkeypatch.setattr(Adapter, "describe", lambda self: {"capabilities": ["inference", "training", "networks"]})
    monkeypatch.setattr(Model, "set_state", lambda self, state: None)
    with pytest.raises(AssertionError, match=r"no law could be judged on Plain .*the subject offers none of the cases"):
        bncheck.check(Plain, like="madeup", max_examples=10)


def test_a_layer_that_raises_fails(madeup):
    def broken(*arguments):
        raise RuntimeError("no memory left")

    with pytest.raises(AssertionError, match="the subject raises: step 0 raised RuntimeError: no memory left"):
        bncheck.check(broken, like="madeup", select="rows_permute", max_examples=200)


def test_ctrl_c_is_the_users(madeup):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bncheck.check(interrupted, like="madeup", select="rows_permute", max_examples=200)


def test_any_callable_makes_a_layer(madeup):
    assert bncheck.check(lambda *a: Plain(*a), like="madeup", select="rows_permute", max_examples=200)


def test_the_reference_is_no_framework_of_this_kind():
    assert reference_subject().name == "reference"
    with pytest.raises(UnknownName):
        bncheck.check(Plain, like="reference")


class TestTorch:
    """On torch itself, where it is installed."""

    @pytest.fixture(autouse=True)
    def torch(self):
        return pytest.importorskip("torch")

    @staticmethod
    def factory(torch, change=lambda layer: layer):
        class Any(torch.nn.Module):
            def __init__(self, *args, **kwargs):
                super().__init__()
                self.inner = change(torch.nn.BatchNorm1d(*args, **kwargs))

            def forward(self, x):
                return self.inner(x.reshape(*x.shape[:2], -1) if x.dim() > 3 else x).reshape(x.shape)

        for name in ("weight", "bias", "running_mean", "running_var"):
            setattr(Any, name, property(lambda self, name=name: getattr(self.inner, name)))
        return Any

    def test_torchs_own_layer_passes(self, torch):
        results = bncheck.check(self.factory(torch), like="torch", select="*_output_*,rows_permute", max_examples=20)
        assert {result.verdict for result in results} == {"pass"}

    def test_a_layer_with_its_momentum_the_other_way_round_fails(self, torch):
        def swap(layer):
            layer.momentum = 1 - layer.momentum
            return layer

        with pytest.raises(AssertionError, match="mechanism: moving_average: swapped"):
            bncheck.check(self.factory(torch, swap), select="moving_mean*", max_examples=10)

    def test_threads_and_random_state_are_afterwards_what_they_were(self, torch):
        threads, state = torch.get_num_threads(), torch.get_rng_state()
        torch.set_num_threads(2)
        bncheck.check(self.factory(torch), select="rows_permute", max_examples=5)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), state)
        torch.set_num_threads(threads)
