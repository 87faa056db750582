"""What is put back in a framework; the frameworks here are of our own making."""

import sys
from types import SimpleNamespace

import pytest

from bncheck.worker.unchanged import unchanged


class Settings:
    """A module's settings, each with a reader and a writer."""

    def __init__(self, **values):
        self.values = values

    def reader(self, name):
        return lambda *arguments: self.values[name]

    def writer(self, name):
        return lambda value: self.values.update({name: value})


@pytest.fixture
def held(monkeypatch):
    """The settings of torch, JAX and Keras."""
    torch, keras = Settings(threads=4, state="mine"), Settings(floatx="float32", policy="mixed")
    config = SimpleNamespace(jax_enable_x64=False)
    config.update = lambda name, value: setattr(config, name, value)
    modules = {
        "torch": SimpleNamespace(
            get_num_threads=torch.reader("threads"),
            set_num_threads=torch.writer("threads"),
            get_rng_state=torch.reader("state"),
            set_rng_state=torch.writer("state"),
        ),
        "jax": SimpleNamespace(config=config),
        "keras": SimpleNamespace(
            config=SimpleNamespace(floatx=keras.reader("floatx"), set_floatx=keras.writer("floatx")),
            mixed_precision=SimpleNamespace(
                dtype_policy=keras.reader("policy"), set_dtype_policy=keras.writer("policy")
            ),
            utils=SimpleNamespace(clear_session=lambda: keras.values.update(seed=None)),
        ),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return SimpleNamespace(torch=torch.values, jax=vars(config), keras=keras.values)


def test_torch_has_its_threads_and_its_random_state_again(held):
    with unchanged("torch", None):
        held.torch.update(threads=1, state="seeded")
    assert held.torch == {"threads": 4, "state": "mine"}


def test_keras_and_its_backend_have_their_dtypes_again_also_after_an_error(held):
    def fail():
        held.keras.update(floatx="float64", policy="float64", seed=3)
        held.jax["jax_enable_x64"] = True
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unchanged("keras", "jax"):
        fail()
    assert held.keras == {"floatx": "float32", "policy": "mixed", "seed": None}
    assert held.jax["jax_enable_x64"] is False


def test_keras_on_torch_is_torch_too(held):
    with unchanged("keras", "torch"):
        held.torch["threads"] = 1
    assert held.torch["threads"] == 4


def test_an_adapter_that_changes_nothing_is_left_alone():
    with unchanged("madeup", "loud"):
        pass
