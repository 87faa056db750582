"""The command line: one file a command in this folder, found by itself and imported when it is called."""

import ast
import gc
import importlib
import pkgutil
import sys
from pathlib import Path

import click

import bncheck
from bncheck.errors import UnknownName, UsageError

INTERRUPTED = 130


class Commands(click.Group):
    """The commands of this folder; what cannot be done is told in one line, with exit code 2."""

    def list_commands(self, ctx):
        """The names of the commands, by the alphabet."""
        return sorted(module.name for module in pkgutil.iter_modules(__path__))

    def get_command(self, ctx, name):
        """The command of that name, or None."""
        if name not in self.list_commands(ctx):
            return None
        found = vars(importlib.import_module(f"{__name__}.{name}")).values()
        return next(each for each in found if isinstance(each, click.Command) and each.name == name)

    def resolve_command(self, ctx, args):
        """As click does; an unknown command is answered with the nearest ones."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            raise UnknownName("command", args[0], known)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx, formatter):
        """A line a command, from its file's docstring, so that help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _what(name)) for name in self.list_commands(ctx)])

    def invoke(self, ctx):
        """Run the command."""
        collect_seldom()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # an old locale has no check mark
        try:
            return super().invoke(ctx)
        except UsageError as error:
            click.echo(f"bncheck: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


def collect_seldom():
    """Let the garbage collector look at many objects at once: a search makes many, and few that are in a cycle."""
    gc.set_threshold(50_000, 20, 20)


def _what(name):
    source = Path(__path__[0], f"{name}.py").read_text(encoding="utf-8")
    line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    line = line.removeprefix(f"`bncheck {name}` ")
    return line[:1].upper() + line[1:]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(bncheck.__version__, message="%(prog)s %(version)s", prog_name="bncheck")
def main():
    """Hold the batch normalisation of deep-learning frameworks to the law."""
