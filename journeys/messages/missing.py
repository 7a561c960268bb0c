"""What a message names and a person has not: each with the place where it stands first."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from journeys.load import MessageDraft
from journeys.messages.languages import fallbacks, in_language
from journeys.messages.model import Message
from journeys.messages.parts import read_part
from journeys.messages.template import CONSTANTS, LINKS, parse
from journeys.problem import Problem
from journeys.tree import Mapping as Keys
from journeys.tree import Mark, Positions, Scalar, scalars

CODE = "missing"
_GUARD = re.compile(r"\{%-?\s*(?:if|elsif|unless|case)\b|\{\{[^}]*\|\s*default\b")


def missing(
    message: Message, draft: MessageDraft, channel: str, language: str, values: Mapping[str, Any]
) -> list[Problem]:
    """Each variable of the message on this channel and in this language that is not in `values`, sorted by place.

    One that the text asks for (`if`), or has a default for, is none.
    `values` are nested. Raises TemplateFault where a text cannot be read.
    """
    found = [*_subject(draft, message.spoken(language).head.subject, values)] if channel == "email" else []
    for file in message.spoken(language).parts:
        if file.partition(".")[0] == channel:
            found += _part(f"messages/{message.name}/", _written(message, file, language), draft, values)
    return sorted(set(found))


def _written(message: Message, file: str, language: str) -> str:
    """The name of the file that a person of this language gets for `file`."""
    named = (in_language(file, tag) for tag in fallbacks(language))
    return next((each for each in named if each in message.parts), file)


def _part(base: str, file: str, draft: MessageDraft, values: Mapping[str, Any]) -> Iterator[Problem]:
    text = draft.parts[file]
    if not file.endswith(".yaml"):
        for path, (line, column) in _unguarded(text, html=file.endswith(".html")):
            yield from _told(base + file, Mark(line, column), path, values)
        return
    _, positions, _ = read_part(base + file, text)
    for written in scalars(positions.root):
        yield from _scalar(base + file, positions, written, values)


def _subject(draft: MessageDraft, subject: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    root = draft.head.positions.root if draft.head else None
    if draft.head is None or not isinstance(root, Keys):
        return
    for written in (*scalars(root.get("subject")), *scalars(root.get("subjects"))):
        if written.value == subject:
            yield from _scalar(draft.head.path, draft.head.positions, written, values)


def _scalar(file: str, positions: Positions, written: Scalar, values: Mapping[str, Any]) -> Iterator[Problem]:
    for path, (line, column) in _unguarded(written.text):
        yield from _told(file, positions.inside(written, line, column), path, values)


def _unguarded(text: str, *, html: bool = False) -> Iterator[tuple[str, tuple[int, int]]]:
    """The variables of a text, but those that it asks for, or has a default for, where they stand first."""
    lines = text.splitlines(keepends=True)
    for path, (line, column) in parse(text, html=html).places.items():
        at = sum(map(len, lines[: line - 1])) + column - 1
        opened = max(text.rfind("{{", 0, at), text.rfind("{%", 0, at))
        if not _GUARD.match(text, opened):
            yield path, (line, column)


def _told(file: str, mark: Mark, path: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    if path in LINKS or path.partition(".")[0] in CONSTANTS or not _absent(values, path.split(".")):
        return
    hint = f'give it a value, or write `{{{{ {path} | default: "..." }}}}` for those who have none'
    yield Problem(file, mark.line, mark.column, CODE, f"`{path}` has no value", hint)


def _absent(values: Any, names: list[str]) -> bool:
    for name in names:
        if not isinstance(values, Mapping):
            # What goes on below a text or a list is looked up by the template.
            return False
        if values.get(name) is None:
            return True
        values = values[name]
    return False
