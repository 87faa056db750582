"""Runs recorded programs under a profiler, in the subject's interpreter, and says what share our own code takes.

``python -I profile_worker.py FRAME ADAPTER MODE``.  Our own is what the functions of ``bncheck/worker`` take without
what they call, and what they call of the interpreter and of NumPy.
"""

import cProfile
import importlib
import json
import os
import pstats
import runpy
import sys

WORKER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bncheck", "worker")
OURS = ("<built-in method builtins.", "'numpy.", "numpy.", "'list'", "'dict'", "'set'", "'str'", "perf_counter", "json")


def main():
    """The second of two runs is profiled, so that first calls are not in it."""
    frame, name, mode = sys.argv[1:]
    package = runpy.run_path(os.path.join(WORKER, "__main__.py"))["_load_package"](WORKER)
    codec, adapters, program = (importlib.import_module(f"{package}.{n}") for n in ("codec", "adapters", "program"))
    runner = program.Runner(adapters.load(name, mode or None))
    with open(frame, "rb") as file:
        programs = codec.decode(file.read())["programs"]
    for each in programs:
        runner.run(each)
    profile = cProfile.Profile()
    profile.enable()
    for each in programs:
        runner.run(each)
    profile.disable()
    print()
    print(json.dumps({"adapter_share": share(pstats.Stats(profile).stats)}))


def share(stats):
    """The seconds of our own functions, and of what they call of Python and NumPy, as a share of all."""
    total = sum(entry[2] for entry in stats.values())
    own = sum(entry[2] for place, entry in stats.items() if _is_ours(place))
    lent = sum(
        called[2]
        for place, entry in stats.items()
        if not _is_ours(place) and _is_common(place)
        for caller, called in entry[4].items()
        if _is_ours(caller)
    )
    return (own + lent) / total


def _is_ours(place):
    return place[0].startswith(WORKER)


def _is_common(place):
    return any(word in place[2] for word in OURS) or (os.sep + "numpy" + os.sep) in place[0]


if __name__ == "__main__":
    main()
