"""Makes the pages of the site that are not written by hand, each time the site is built: `nox -s docs`.

A page a law and a page an axis of the traits, with what `bncheck explain` shows; the command line; the record's schema;
the README as the start; and a page for each file outside of docs/ that some page links to, so that a link that works in
the repository works in the site, too.
"""

import io
import json
import os
import re
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

import click
from rich.console import Console

from bncheck.commands import explain, main
from bncheck.engine.measure import departures
from bncheck.invariants import KINDS, load_all
from bncheck.truth.probe import PAPERS
from bncheck.truth.traits import LEGAL, values_of

ROOT = Path(__file__).parents[1]
START, SOURCE = "README.md", "source/"
COLUMNS = 80
LINK = re.compile(r"(?<=]\()(?![a-z]+:|#)([^)\s#]+)")
NAME = re.compile(r"https://[^\s,;)]+|`[^`]*`|[*<]|\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
LANGUAGES = {".py": "python", ".toml": "toml", ".json": "json", ".sh": "bash", ".yml": "yaml"}
KIND = {
    "reference": "Numbers are compared with the reference's, within the error that it carries for each.",
    "metamorphic": "Two cases are run, and what the law says of one and the other is compared.",
    "differential": "Two subjects run the same case.",
    "contract": "Something stays as it is, to the bit, or is refused.",
}


def on_config(config):
    """An entry of the nav that ends in a slash stands for the pages of that folder."""
    config["nav"] = opened(config["nav"], [*_written(), *generated()])


def opened(nav, pages):
    """The nav with the pages of a folder in its place."""
    found = []
    for entry in nav:
        if isinstance(entry, str) and entry.endswith("/"):
            found += [_titled(page) for page in pages if page.startswith(entry)]
        elif isinstance(entry, dict):
            found += [{t: opened(v, pages) if isinstance(v, list) else v} for t, v in entry.items()]
        else:
            found.append(entry)
    return found


def _titled(page):
    name = PurePosixPath(page).stem
    return page if name in ("README", "index") else {_broken(name): page}


def on_files(files, config):
    """Every page as it stands in the site."""
    from mkdocs.structure.files import File, InclusionLevel

    for page, text in site().items():
        if written := files.get_file_from_path(page):
            files.remove(written)
        inclusion = InclusionLevel.NOT_IN_NAV if page.startswith(SOURCE) else InclusionLevel.UNDEFINED
        files.append(File.generated(config, page, content=text, inclusion=inclusion))


def site():
    """Every page's text, by its place in the site, its links leading to pages."""
    waiting = {"index.md": ROOT / START, **{page: ROOT / "docs" / page for page in (*_written(), *generated())}}
    make, found = generated(), {}
    while waiting:
        page, file = waiting.popitem()
        text = make[page]() if page in make else _text(file)
        found[page], outside = led(text, file, page)
        waiting |= {page: file for page, file in outside.items() if page not in found}
    return found


def led(text, file, page):
    """The text with each link led to where its file stands in the site, and those files that are not in docs/.

    A link that leads nowhere stays, and mkdocs tells it.
    """
    outside = {}

    def to(match):
        target = Path(os.path.normpath(file.parent / match[0]))
        if target.is_dir():
            target = next((target / name for name in (START, "__init__.py") if (target / name).is_file()), target)
        if not target.is_file() or not target.is_relative_to(ROOT):
            return match[0]
        place = _place(target)
        if place.startswith(SOURCE):
            outside[place] = target
        return os.path.relpath(place, PurePosixPath(page).parent)

    return LINK.sub(to, text), outside


def _place(file):
    """Where a file of the repository stands in the site."""
    path = file.relative_to(ROOT).as_posix()
    if path == START:
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"{SOURCE}{path}" if file.suffix == ".md" else f"{SOURCE}{path}.md"


def _text(file):
    """A file's page: its own text in docs/ and at the start, and what it looks like elsewhere."""
    text, path = file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix()
    if not _place(file).startswith(SOURCE):
        return text
    if file.suffix != ".md":
        text = f"# {path}\n\n{fenced(text, LANGUAGES.get(file.suffix, 'text'))}\n"
    return f"---\nhide: [navigation, toc]\nsearch: {{ exclude: true }}\n---\n\n{text}"


def _written():
    """The pages that stand in docs/, a folder's own page before the others."""
    pages = sorted((ROOT / "docs").rglob("*.md"), key=lambda page: (page.parent, page.name != START, page.name))
    return [page.relative_to(ROOT / "docs").as_posix() for page in pages]


def generated():
    """What makes each page that is generated, by its place in the site."""
    return {
        "laws/index.md": laws,
        **{f"laws/{law}.md": partial(law_page, law) for law in load_all()},
        "traits/index.md": axes,
        **{f"traits/{axis}.md": partial(axis_page, axis) for axis in LEGAL},
        "commands.md": commands_page,
        "record.md": schema_page,
    }


def laws():
    """The table of the laws."""
    parts = ["# The laws", "`bncheck list` prints them, and `bncheck explain LAW` a law's page."]
    for kind in KINDS:
        rows = [_row(law.name, law.title) for law in load_all().values() if law.kind == kind]
        parts += [f"## {kind.capitalize()}", KIND[kind], "\n".join(["| law | it says |", "|---|---|", *rows])]
    return "\n\n".join(parts)


def _row(name, text):
    return f"| [{_broken(name)}]({name}.md) | {plain(text)} |"


def _headed(name, text):
    return f"# {_broken(name)}\n\n{plain(text)}"


def _broken(name):
    """A name that may be broken behind each of its words."""
    return name.replace("_", "_<wbr>")


@lru_cache
def law_page(name):
    """A law, as `bncheck explain` shows it, with what breaks it and its file."""
    law = load_all()[name]
    faults = [f"[{axis}: {value}](../traits/{axis}.md#{value})" for axis, value in departures(law.mutant())]
    file = f"bncheck/invariants/{name}.py"
    rows = [(label, plain(text)) for label, text in explain.rows(law)]
    rows += [("mutant", "; ".join(faults)), ("file", f"[{file}](../../{file})")]
    example = shown([explain.example(law)])
    return "\n\n".join([_headed(name, law.title), described(rows), "## An example of a failure", example])


def axes():
    """The table of the traits."""
    rows = [_row(axis, explain.about(axis)) for axis in LEGAL]
    head = "`bncheck list --traits` prints them, and `bncheck explain AXIS` an axis's page."
    return "\n\n".join(["# The axes", head, "\n".join(["| axis | it is about |", "|---|---|", *rows])])


@lru_cache
def axis_page(axis):
    """An axis and its values, as `bncheck explain` shows each, with numbers."""
    parts = [_headed(axis, explain.about(axis))]
    for value, sentence in values_of(axis).items():
        rows = [(label, plain(text)) for label, text in explain.value_rows(axis, value)]
        parts += [f"## {value} {{ #{value} }}", plain(f"{sentence[0].upper()}{sentence[1:]}."), described(rows)]
        if value != getattr(PAPERS, axis):
            parts.append(shown(explain.numbers(axis, value)))
    return "\n\n".join(parts)


def plain(text):
    """A text of the package as Markdown: addresses and names of laws are links, and nothing else is markup."""

    def marked(match):
        found = match[0]
        if found.startswith("https:"):
            return f"<{found}>"
        if found in load_all():
            return f"[{found}](../laws/{found}.md)"
        return {"*": r"\*", "<": "&lt;"}.get(found, found)

    return NAME.sub(marked, text)


def described(rows):
    """Labels and their texts; one without a label goes on with the last."""
    return "\n".join(f"{label}\n:   {text}\n" if label else f"    {text}\n" for label, text in rows)


def shown(parts):
    """Renderables as a terminal shows them."""
    console = Console(file=io.StringIO(), width=COLUMNS)
    for part in parts:
        console.print(part, crop=False)
    return fenced(console.file.getvalue())


def fenced(text, language="text"):
    """A text as it is."""
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    return f"~~~~~~ {language}\n{lines}\n~~~~~~"


def commands_page():
    """What each command says of itself."""
    context = click.Context(main, info_name="bncheck", **main.context_settings)
    return "\n\n".join(["# The command line", *_helps(context)])


def _helps(context):
    yield f"## {context.command_path}"
    yield fenced(context.get_help())
    group = context.command if isinstance(context.command, click.Group) else None
    for name in group.list_commands(context) if group else ():
        command = group.get_command(context, name)
        yield from _helps(click.Context(command, context, name, terminal_width=COLUMNS))


def schema_page():
    """The schema of a record, a table for each kind of object."""
    file = "bncheck/records/schema.json"
    schema = json.loads((ROOT / file).read_text(encoding="utf-8"))
    parts = [f"# {schema['title']}", f"{schema['description']} This is [{file}](../{file}), in words."]
    parts += _fields(schema)
    for name, kind in schema["$defs"].items():
        parts += [f"## {name}", plain(kind.get("description", "")), *_fields(kind)]
        if "properties" not in kind:
            parts.append(f"It is {_type(kind)}.")
    return "\n\n".join(parts)


def _fields(kind):
    """The table of an object's fields."""
    if "properties" not in kind:
        return []
    rows = ["| field | is | it says |", "|---|---|---|"]
    for name, field in kind["properties"].items():
        needed = "" if name in kind["required"] else " It may be missing."
        rows.append(f"| `{name}` | {_type(field)} | {plain(field.get('description', ''))}{needed} |")
    return ["\n".join(rows)]


def _type(kind):
    """What a value is, in a few words."""
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in kind:
        return " or ".join(map(_type, kind["anyOf"]))
    if "enum" in kind or "const" in kind:
        return ", ".join(f"`{json.dumps(value)}`" for value in kind.get("enum") or [kind["const"]])
    if kind.get("type") == "array":
        return f"list of {_type(kind['items'])}"
    if isinstance(kind.get("additionalProperties"), dict):
        return f"object of {_type(kind['additionalProperties'])}"
    if kind.get("type") == "object" and "properties" in kind:
        return f"object of {', '.join(f'`{name}`' for name in kind['properties'])}"
    return kind.get("type", "anything")
