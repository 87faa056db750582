"""The worker: ``python -I worker/__main__.py ADAPTER OPTIONS`` answers programs on its standard streams.

It is run by path in the subject's interpreter and imports nothing of bncheck but its own folder, as a package of
another name.  OPTIONS is a JSON object: ``mode``, ``layer`` and ``memory`` (bytes).
"""

import gc
import importlib
import importlib.util
import json
import os
import sys


def main():
    """Greet with the subject's description, then answer each frame of programs with a frame of traces."""
    wire_in, wire_out = _take_streams()
    adapter_name, options = sys.argv[1], json.loads(sys.argv[2])
    _limit_memory(options.get("memory"))
    package = _load_package(os.path.dirname(os.path.abspath(__file__)))
    codec = importlib.import_module(package + ".codec")
    try:
        adapters = importlib.import_module(package + ".adapters")
        adapter = adapters.load(adapter_name, options.get("mode"), options.get("layer"))
        hello = {"description": adapters.describe(adapter)}
    except BaseException as error:
        hello = {"failed": "%s: %s" % (type(error).__name__, error), "layer": bool(getattr(error, "layer", False))}
    _send(wire_out, codec.encode(hello))
    if "failed" not in hello:
        runner = importlib.import_module(package + ".program").Runner(adapter)
        _serve(wire_in, wire_out, codec, runner)


def _serve(wire_in, wire_out, codec, runner):
    # A collection would look through all that the framework has loaded, again and again.
    gc.collect()
    gc.freeze()
    while True:
        head = wire_in.read(codec.SIZES.size)
        if len(head) < codec.SIZES.size:
            return
        request = codec.decode(head + wire_in.read(codec.body_size(head)))
        _send(wire_out, codec.encode({"traces": [runner.run(program) for program in request["programs"]]}))


def _send(wire_out, frame):
    wire_out.write(frame)
    wire_out.flush()


def _take_streams():
    """Keep the wire to ourselves: frameworks print, so their standard output becomes our standard error."""
    wire_in, wire_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return wire_in, wire_out


def _limit_memory(size):
    if size:
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (size, size))
        except (ImportError, ValueError, OSError):
            sys.stderr.write("bncheck: no memory limit can be set here\n")


def _load_package(folder):
    name = "bncheck_worker"
    init = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[folder])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return name


if __name__ == "__main__":
    main()
