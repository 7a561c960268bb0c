"""What one file of a designer's folder needs of the others by name: messages, segments, offers, FAQs."""

import re
from collections.abc import Iterable, Mapping

_SLUG = r"""["']?\s*:\s*["']?([a-z0-9][a-z0-9-]*)"""
_NAMES = (
    ("segments/{}.yaml", re.compile(r"""in_segment\(\s*["']([a-z0-9-]+)["']""")),
    ("segments/{}.yaml", re.compile(rf"(?:enters|leaves|to)_segment{_SLUG}")),
    ("segments/{}.yaml", re.compile(r"""^segments\s*:\s*\[([^\]]*)\]""", re.MULTILINE)),
    ("segments/{}.yaml", re.compile(r"""^segments\s*:\s*\n((?:\s*-\s*\S+\s*\n)+)""", re.MULTILINE)),
    ("offers/{}.yaml", re.compile(rf"best_offer{_SLUG}")),
    ("faq/{}.yaml", re.compile(rf"answer{_SLUG}")),
    ("messages/{}/", re.compile(rf"(?:send|message|hand_over){_SLUG}")),
)
"""Where what a pattern finds stands; one that takes in too much costs nothing but a file that is not needed."""
_CHOSEN = ("journeys/", "lives/", "messages/", "segments/", "offers/", "faq/")
"""What is taken only where it is named; all else (the project, schemas, brands) holds for every file."""


def needed(files: Mapping[str, str], asked: Iterable[str]) -> dict[str, str]:
    """Those of `files` (texts by place in the folder) that `asked` of them need, themselves included."""
    found: set[str] = set()
    left = set(asked)
    while left:
        found |= left
        texts = (text for name, text in files.items() if name.startswith(tuple(left)))
        left = {place for text in texts for place in _named(text)} - found
    places = tuple(found)
    return {name: text for name, text in files.items() if _common(name) or name.startswith(places)}


def _common(name: str) -> bool:
    return ("/" in name and not name.startswith(_CHOSEN)) or name in ("project.yaml", "project.yml")


def _named(text: str) -> set[str]:
    return {
        place.format(name)
        for place, pattern in _NAMES
        for match in pattern.findall(text)
        for name in re.findall(r"[a-z0-9][a-z0-9-]*", match)
    }
