"""`sillage schemas`: the files of docs/ and helm/ that are generated from the code, written or held against it."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cli.dashboards.files import DASHBOARDS
from cli.errors import CliError
from cli.languagepage import language_page
from cli.metrics_page import metrics_page
from cli.reference import commands_page, settings_page
from engine.why.schema import account_schema
from journeys.schema import EDITOR
from streams.links.openapi import openapi
from streams.operations.erasure import proof_schema
from streams.operations.personal import export_schema
from streams.touchpoints.asyncapi import asyncapi
from streams.touchpoints.schema import touchpoint_schema


def main_group() -> click.Group:
    """The `sillage` command itself, which names this one: imported only when its page is written."""
    found: click.Group = import_module("cli.main").main
    return found


def as_json(value: Mapping[str, Any]) -> str:
    """A generated document as it is committed: two blanks of indent, a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def editor_schema(name: str) -> str:
    """A schema for editors as it is committed."""
    return as_json(EDITOR[name][0]())


GENERATED: dict[str, Callable[[], str]] = {
    **{f"docs/schemas/{name}": partial(editor_schema, name) for name in EDITOR},
    "docs/schemas/touchpoint.schema.json": lambda: as_json(touchpoint_schema()),
    "docs/schemas/why.schema.json": lambda: as_json(account_schema()),
    "docs/schemas/person.schema.json": lambda: as_json(export_schema()),
    "docs/schemas/erasure.schema.json": lambda: as_json(proof_schema()),
    "docs/asyncapi.yaml": asyncapi,
    "docs/openapi.json": lambda: as_json(openapi()),
    "docs/metrics.md": metrics_page,
    "docs/settings.md": settings_page,
    "docs/reference.md": language_page,
    "docs/commands.md": lambda: commands_page(main_group()),
    **DASHBOARDS,
}
"""Path from the top of the project, and what gives its text."""


def drifted(root: Path) -> list[str]:
    """The generated files under `root` that are missing, or differ from what the code gives now."""
    return [name for name, text in GENERATED.items() if _old(root / name) != text()]


SETTINGS = ".vscode/settings.json"
SCHEMAS = ".sillage"
"""Where an editor finds schemas and its settings, in the designer's folder; names with a dot are no definitions."""


def editor_files() -> dict[str, str]:
    """What an editor needs in a designer's folder, by path: the schemas, and which files each is the schema of."""
    yaml = {f"./{SCHEMAS}/{name}": files for name, (_, files) in EDITOR.items()}
    schemas = {f"{SCHEMAS}/{name}": editor_schema(name) for name in EDITOR}
    return {**schemas, SETTINGS: as_json({"yaml.schemas": yaml})}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 if a file is not what the code gives.")
@click.option(
    "--root",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The top of the project; default here.",
)
@click.option(
    "--editor",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead: write what an editor needs to complete and underline into this designer's folder.",
)
def schemas(check: bool, root: Path, editor: Path | None) -> None:
    """Write the generated files of docs/ and the dashboards of helm/ from the code."""
    if editor is not None:
        _equip(editor)
        return
    stale = drifted(root)
    if check and stale:
        raise CliError(f"not what the code gives: {', '.join(stale)}; run `sillage schemas` and commit")
    for name in [] if check else stale:
        _write(root / name, GENERATED[name]())
        click.echo(f"wrote {name}")


def _equip(folder: Path) -> None:
    """Schemas are written anew; settings that are there already are somebody's own."""
    for name, text in editor_files().items():
        if name == SETTINGS and (folder / name).exists() and _old(folder / name) != text:
            click.echo(f"{folder / name} is there already; it needs:\n{text}", nl=False)
        else:
            _write(folder / name, text)
            click.echo(f"wrote {folder / name}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _old(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
