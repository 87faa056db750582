"""How it is shown: pure functions of a record."""
