"""What a record calls a subject, as a requirement with its mode: ``keras==3.15.1:jax``."""

from typing import NamedTuple


class Identity(NamedTuple):
    """The parts of a subject's name; what it has not is empty."""

    framework: str
    version: str = ""
    mode: str = ""

    @property
    def kind(self):
        """The framework, and the mode where there is one: ``keras:jax``."""
        return f"{self.framework}:{self.mode}" if self.mode else self.framework


def parsed(subject):
    """The identity of a subject's name."""
    framework, _, rest = subject.partition("==")
    version, _, mode = rest.partition(":")
    return Identity(framework, version, mode)
