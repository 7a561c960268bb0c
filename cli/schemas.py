"""`sillage schemas`: the files of docs/ and helm/ that are generated from the code, written or held against it."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from cli.dashboards.files import DASHBOARDS
from cli.errors import CliError
from cli.metrics_page import metrics_page
from cli.reference import commands_page, settings_page
from journeys.schema import journey_schema, message_schema, project_schema
from streams.touchpoints.asyncapi import asyncapi
from streams.touchpoints.schema import touchpoint_schema


def main_group() -> click.Group:
    """The `sillage` command itself, which names this one: imported only when its page is written."""
    found: click.Group = import_module("cli.main").main
    return found


def as_json(value: Mapping[str, Any]) -> str:
    """A generated document as it is committed: two blanks of indent, a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/schemas/journey.schema.json": lambda: as_json(journey_schema()),
    "docs/schemas/project.schema.json": lambda: as_json(project_schema()),
    "docs/schemas/message.schema.json": lambda: as_json(message_schema()),
    "docs/schemas/touchpoint.schema.json": lambda: as_json(touchpoint_schema()),
    "docs/asyncapi.yaml": asyncapi,
    "docs/metrics.md": metrics_page,
    "docs/settings.md": settings_page,
    "docs/commands.md": lambda: commands_page(main_group()),
    **DASHBOARDS,
}
"""Path from the top of the project, and what gives its text."""


def drifted(root: Path) -> list[str]:
    """The generated files under `root` that are missing, or differ from what the code gives now."""
    return [name for name, text in GENERATED.items() if _old(root / name) != text()]


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 if a file is not what the code gives.")
@click.option(
    "--root",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The top of the project; default here.",
)
def schemas(check: bool, root: Path) -> None:
    """Write the generated files of docs/ and the dashboards of helm/ from the code."""
    stale = drifted(root)
    if check and stale:
        raise CliError(f"not what the code gives: {', '.join(stale)}; run `sillage schemas` and commit")
    for name in [] if check else stale:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(GENERATED[name](), encoding="utf-8")
        click.echo(f"wrote {name}")


def _old(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
