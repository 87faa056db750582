"""Laws of batch normalisation, held against deep-learning frameworks over many pinned versions."""

__version__ = "0.1.0"
__all__ = ["__version__", "check"]


def __getattr__(name):
    """Load :func:`bncheck.check` at first use, so that importing bncheck loads nothing else (PEP 562)."""
    if name == "check":
        from bncheck.engine.in_process import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
