"""What a strategy draws, with a seed, as a search draws it."""

from bncheck.engine.drawn import drawn

__all__ = ["drawn"]
