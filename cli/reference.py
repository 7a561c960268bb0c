"""The reference pages of commands and settings, written from the code that they describe."""

from collections.abc import Iterator

import click

from streams.settings import Settings


def commands_page(group: click.Group) -> str:
    """Every command with its options, as docs/commands.md holds them."""
    lines = ["# Commands", "", "Written by `sillage schemas` from the commands themselves.", ""]
    context = click.Context(group, info_name="sillage")
    for path, command in _commands(group, context, ("sillage",)):
        lines += [f"## `{' '.join(path)}`", "", _text(command.help), ""]
        lines += _parameters(command)
    return "\n".join(lines).rstrip() + "\n"


def settings_page() -> str:
    """Every setting with its variable and default, as docs/settings.md holds them."""
    lines = [
        "# Settings",
        "",
        "Every process reads them from the environment. Written by `sillage schemas` from the settings themselves.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `SILLAGE_{name.upper()}` | `{field.default}` | {field.description} |")
    return "\n".join(lines) + "\n"


def _commands(
    group: click.Group, context: click.Context, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield (*path, name), command
            yield from _commands(command, click.Context(command, info_name=name, parent=context), (*path, name))
        else:
            yield (*path, name), command


def _parameters(command: click.Command) -> list[str]:
    rows = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            rows.append(f"| `{', '.join(parameter.opts)}` | {_text(parameter.help)} |")
        else:
            rows.append(f"| `{parameter.make_metavar(click.Context(command))}` | |")
    return ["| option | meaning |", "|---|---|", *rows, ""] if rows else []


def _text(found: str | None) -> str:
    return " ".join((found or "").replace("\b", "").split())
