"""Judges a step that may be refused: the second of a case that sets the state before it and reports it after it."""

from bncheck.truth.compare import Violation, close, near, same_state
from bncheck.truth.expected import expected


def refused_or_right(subject, case):
    """The margin of a step that was computed; zero where it was refused, and left the state alone."""
    trace, right = subject.run(case), expected(subject, case)
    if "raised" in trace[1]:
        return _untouched(trace, case)
    return max(close(what, found, ball) for what, found, ball in _pairs(trace, right))


def refused_or_as(subject, case, plain):
    """As :func:`refused_or_right`, for what the subject itself computes for the ``plain`` case.

    Raises Violation where the reference refuses the step, and the subject does not.
    """
    trace, right = subject.run(case), expected(subject, case)
    if "raised" in trace[1]:
        return _untouched(trace, case)
    if "raised" in right[1]:
        what, given, wanted = _form(case)
        raise Violation(f"{what} is not refused", None, given, wanted, 0)
    other = subject.run(plain)
    pairs = zip(_pairs(trace, right), _pairs(other, right), strict=True)
    return max(near(what, found, wanted, 2 * ball.error) for (what, found, ball), (_, wanted, _) in pairs)


def _untouched(trace, case):
    return same_state("after a step that was refused", trace.state(2), case.steps[0].state)


def _pairs(trace, right):
    """What is compared: its name, the subject's numbers and the reference's; the state first."""
    state, answer = trace.state(2)[0], right[1]
    found = [(name, state[name], ball) for name, ball in right[2]["state"][0].items()]
    found += [(f"{name} of the step", trace.array(1, name), answer[name]) for name in ("y", "dx") if name in answer]
    for name, ball in answer.get("params", [{}])[0].items():
        found.append((f"gradient for {name}", trace.params(1)[0][name], ball))
    return found


def _form(case):
    """What is of another form in the case's step, its size, and the layer's own."""
    step, shape, axis = case.steps[1].of, case.shape, case.layer.axis
    if not hasattr(step, "x"):
        ((name, value),) = step.state[0].items()
        return f"a {name} of another length", value.size, shape[axis]
    if step.x.ndim != len(shape):
        return "an input of another rank", step.x.ndim, len(shape)
    return "an input of another number of channels", step.x.shape[axis], shape[axis]
