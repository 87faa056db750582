"""`bncheck env` builds, lists and removes the environments in which subjects run."""

import click
from rich.table import Table

from bncheck.commands.matrix import console
from bncheck.errors import UsageError
from bncheck.subjects import index, provision
from bncheck.subjects.matrix import Cell
from bncheck.subjects.provision import BuildFailed, Environment


@click.group()
def env() -> None:
    """Build, list and remove the environments in which subjects run."""


@env.command("list")
def list_() -> None:
    """List what is built, and what is broken or outdated."""
    found = provision.built()
    table = Table("environment", "python", "MB", "state", "path")
    for each in found:
        python = each.cell.python if each.cell else ""
        table.add_row(each.name, python, f"{_megabytes(each.size_bytes)}", _state(each), str(each.path))
    console().print(table)
    click.echo(f"{len(found)} environments, {_megabytes(sum(each.size_bytes for each in found))} MB")


@env.command()
@click.argument("cells", nargs=-1, required=True, metavar="CELL...")
def build(cells: tuple[str, ...]) -> None:
    """Build environments: names of the matrix, or requirements such as keras==3.15.1:jax."""
    resolved = [index.resolve(name) for name in cells]
    failures = [failure for failure in map(_build, resolved) if failure]
    if failures:
        raise UsageError("\n".join(map(str, failures)))


@env.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--all", "everything", is_flag=True, help="Remove the current ones too.")
def prune(names: tuple[str, ...], everything: bool) -> None:
    """Remove broken and outdated environments, or those named."""
    removed = [gone for name in names for gone in provision.remove(name)]
    if not names:
        removed = provision.prune(keep_current=not everything)
    for each in removed:
        click.echo(f"removed {each.path.name}")
    click.echo(f"{len(removed)} removed, {_megabytes(sum(each.size_bytes for each in removed))} MB")


def _build(cell: Cell) -> BuildFailed | None:
    """One failure does not keep the other cells from being built."""
    try:
        python = provision.environment(cell, lambda line: click.echo(line, err=True))
    except BuildFailed as failure:
        return failure
    click.echo(f"{cell.name} {python}")
    return None


def _state(environment: Environment) -> str:
    if environment.cell is None:
        return "broken"
    return "current" if environment.current else "outdated"


def _megabytes(size: int) -> int:
    return round(size / 1e6)
