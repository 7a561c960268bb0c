"""The map of a migration: for each journey, old node to new, or to nothing for those who leave."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.errors import CliError
from journeys.tree import plain
from journeys.yaml import read

SHAPE = "expected `journey: {old-id: new-id}`, with null for a new id where people leave"


def read_map(path: Path) -> dict[str, dict[str, str | None]]:
    """The map in a YAML file. Raises CliError that says what does not fit."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise CliError(f"{path}: not UTF-8 at byte {fault.start}; save it as UTF-8") from fault
    found = read(str(path), text)
    if found.problems:
        raise CliError("\n".join(map(str, found.problems)))
    tree = plain(found.documents[0]) if len(found.documents) == 1 else None
    if not isinstance(tree, Mapping):
        raise CliError(f"{path}: no mapping; {SHAPE}")
    return {str(name): _nodes(path, str(name), nodes) for name, nodes in tree.items()}


def _nodes(path: Path, name: str, nodes: Any) -> dict[str, str | None]:
    if not isinstance(nodes, Mapping):
        raise CliError(f"{path}: journey {name}: no mapping; {SHAPE}")
    for old, new in nodes.items():
        if not (new is None or (isinstance(new, str) and new)):
            raise CliError(f"{path}: journey {name}: `{old}` leads to {new!r}; {SHAPE}")
    return {str(old): new for old, new in nodes.items()}
