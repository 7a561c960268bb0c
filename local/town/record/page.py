"""Writes the page of a run: one file that needs nothing else, in which the data can be nothing but data."""

import re
from importlib.resources import files
from pathlib import Path

import msgspec

from local.town.record.content import content
from local.town.record.recorder import Recorder
from local.town.scene import Scene

SCRIPTS = ("words.js", "data.js", "walks.js", "map.js", "charts.js", "person.js", "timeline.js", "page.js")
"""One script in this order: each names only what stands before it, or what is called later."""
_PLACE = re.compile(r"<!-- (style|data|script) -->|/\* (style|data|script) \*/")


def write(recorder: Recorder, scene: Scene, path: Path) -> None:
    """Writes the page to `path`, in place of what was there. Raises OSError."""
    parts = {
        "style": _file("page.css"),
        "data": as_data(content(recorder, scene)),
        "script": "\n".join(map(_file, SCRIPTS)),
    }
    # In one pass, so that no text of the data is ever taken for a place to fill.
    page = _PLACE.sub(lambda place: parts[place[1] or place[2]], _file("page.html"))
    path.write_bytes(page.encode())


def as_data(value: object) -> str:
    """JSON that cannot end the element it stands in: no `<` is left in it, and no half of a surrogate pair."""
    return msgspec.json.encode(_sound(value)).decode().replace("<", "\\u003c")


def _sound(value: object) -> object:
    """The same, with U+FFFD for what UTF-8 cannot say, as mail of any origin may hold it."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list() | tuple():
            return [_sound(each) for each in value]
        case dict():
            return {_sound(name): _sound(each) for name, each in value.items()}
        case _:
            return value


def _file(name: str) -> str:
    return (files("local.town.record") / name).read_text(encoding="utf-8")
