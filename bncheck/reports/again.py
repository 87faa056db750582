"""The command that shows a finding again."""

import shlex


def command(found, cell, law, case_file=None):
    """The command that judges a law on a cell of a record again: on a file's cases, else on what was drawn."""
    parts = ["bncheck", "run", *(cell.get("names") or [cell["cell"]])]
    for option, name in (("--python", "interpreter"), ("--layer", "layer")):
        if cell.get(name):
            parts += [option, cell[name]]
    parts += ["--select", law]
    if case_file:
        return f"{shlex.join(parts)} --case {case_file}"
    budget = ["--max-examples", str(found["max_examples"])] if "max_examples" in found else []
    return shlex.join([*parts, "--seed", str(found["seed"]), *budget])
