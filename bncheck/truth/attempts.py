"""Judges a step that may be refused: the second of a case that sets the state before it and reports it after it."""

from bncheck.truth.compare import Violation, close, same_state
from bncheck.truth.expected import expected


def refused_or_right(subject, case):
    """The margin of a step that was computed; zero where it was refused, and left the state alone.

    Raises Violation where the numbers are wrong, where the state moved, or where the reference refuses.
    """
    trace, right = subject.run(case), expected(subject, case)
    if "raised" in trace[1]:
        return same_state("after a step that was refused", trace.state(2), case.steps[0].state)
    if "raised" in right[1]:
        what, given, wanted = _form(case)
        raise Violation(f"{what} is not refused", None, given, wanted, 0)
    margins = [close(f"{name} of the step", trace.array(1, name), right[1][name]) for name in _arrays(right[1])]
    if "params" in right[1]:
        margins += _each("gradient for ", trace.params(1), right[1]["params"])
    return max([*margins, *_each("", trace.state(2), right[2]["state"])])


def _arrays(step):
    return [name for name in ("y", "dx") if name in step]


def _each(what, found, right):
    return [close(f"{what}{name}", found[0][name], ball) for name, ball in right[0].items()]


def _form(case):
    """What is of another form in the case's step, its size, and the layer's own."""
    step, shape, axis = case.steps[1].of, case.shape, case.layer.axis
    if not hasattr(step, "x"):
        ((name, value),) = step.state[0].items()
        return f"a {name} of another length", value.size, shape[axis]
    if step.x.ndim != len(shape):
        return "an input of another rank", step.x.ndim, len(shape)
    return "an input of another number of channels", step.x.shape[axis], shape[axis]
