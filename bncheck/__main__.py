"""``python -m bncheck`` is ``bncheck``."""

from bncheck.commands import main

main(prog_name="bncheck")
