"""The island: what runs in the subject's own interpreter (Python 3.7 or newer, NumPy and one framework)."""
