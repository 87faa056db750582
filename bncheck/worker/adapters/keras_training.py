"""Training with Keras's own ``compile`` and ``fit``, for Keras 3 and every tf.keras."""

import inspect

OPTIMIZERS = {"sgd": "SGD", "adam": "Adam"}
MOST_TOGETHER = 50
NAMES = {"eps": "epsilon"}
SHORT = {"acc": "accuracy", "val_acc": "val_accuracy"}  # what tf.keras calls them before TF 2


def train(optimizers, model, x, y, loss, optimizer, batch_size, epochs, shuffle, validation, accuracy):
    """Keras's History: for each number a list with a value for each epoch."""
    steps = -(-int(len(x) * (1 - validation)) // batch_size)
    metrics = ["accuracy"] if accuracy else []
    model.compile(
        optimizer=make_optimizer(optimizers, optimizer), loss=loss, metrics=metrics, **_together(model, steps)
    )
    history = model.fit(
        x, y, batch_size=batch_size, epochs=epochs, shuffle=shuffle, validation_split=validation, verbose=0
    )
    return {SHORT.get(name, name): [float(v) for v in values] for name, values in history.history.items()}


def _together(model, steps):
    """Several steps in one call, where Keras has that (2.4 on): the numbers are the same, in a third of the time."""
    if "steps_per_execution" not in inspect.signature(model.compile).parameters:
        return {}
    return {"steps_per_execution": max(n for n in range(1, MOST_TOGETHER + 1) if steps % n == 0)}


def make_optimizer(optimizers, spec):
    """A new optimiser of Keras's module of them, with what the spec names and Keras's own defaults."""
    make = getattr(optimizers, OPTIMIZERS[spec["name"]])
    known = inspect.signature(make.__init__).parameters
    given = {NAMES.get(name, name): value for name, value in spec.items() if name != "name"}
    if "learning_rate" in given and "learning_rate" not in known:
        given["lr"] = given.pop("learning_rate")
    return make(**given)
