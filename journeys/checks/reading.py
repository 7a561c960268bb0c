"""Texts of messages as people read them: without Liquid and HTML, facts filled in, each sign with its place."""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from journeys.load import Folder, MessageDraft
from journeys.messages.composed import constants_of, layout_file, layout_of
from journeys.messages.languages import split
from journeys.messages.parts import PARTS, read_part
from journeys.messages.template import CONSTANTS, LINKS, TemplateFault, parse, refuse_unclosed
from journeys.model import Brand, MessageHead
from journeys.tree import Entry, Mark, Positions, Scalar, scalars
from journeys.tree import Mapping as Keys

UNKNOWN = "\ufffc"
"""Stands for a value that is not known before somebody reads it."""
_LIQUID = re.compile(
    r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}", re.DOTALL
)
_STRINGS = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_ROOT = re.compile(r"\s*([A-Za-z_]+)")
_SAYS = ("assign", "echo", "cycle")
_BRANCHES = ("else", "elsif", "when")
_HTML = re.compile(
    r"<!--.*?-->|<(style|script)\b.*?</\1\s*>|<(/?)([A-Za-z][A-Za-z0-9]*)([^>]*)>|&[#A-Za-z0-9]+;", re.DOTALL
)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_INLINE = frozenset(["a", "abbr", "b", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u"])
_NOT_READ = frozenset({"link", "image", "to", "type", "template", "language"})
"""Keys of parts whose values are addresses and names, and are read by no person."""


@dataclass
class Reading:
    """A text with where each of its signs stands in its source; `written` is false for what a fact or brand gave.

    `bare` are the places of pictures in it that have no text.
    """

    text: str = ""
    at: list[int] = field(default_factory=list)
    written: list[bool] = field(default_factory=list)
    bare: list[int] = field(default_factory=list)

    def take(self, other: "Reading", start: int, end: int) -> None:
        """Appends a piece of another reading."""
        self.text += other.text[start:end]
        self.at += other.at[start:end]
        self.written += other.written[start:end]

    def put(self, text: str, at: int, *, written: bool = True) -> None:
        """Appends a text that stands as a whole at one place."""
        self.text += text
        self.at += [at] * len(text)
        self.written += [written] * len(text)


@dataclass(frozen=True)
class Said:
    """One text of a message: in which file it is written, and the part that it belongs to, `` for a subject.

    The file is that of a `layout` where the text stands around the part.
    """

    file: str
    part: str
    channel: str
    language: str
    reading: Reading
    place: Callable[[int], Mark]
    layout: bool = False

    def mark(self, index: int) -> Mark:
        """Where a sign of the reading stands in the file."""
        return self.place(self.reading.at[index] if self.reading.at else 0)


def said(folder: Folder, message: str) -> list[Said]:
    """All texts of a message that can be read, the layouts around them included."""
    draft, loaded = folder.message_drafts[message], folder.messages.get(message)
    if loaded is None:
        return []
    brand = brand_of(folder, loaded.head)

    def constants(language: str) -> dict[str, Any]:
        return constants_of(loaded.head, folder.project, brand, language)

    found = list(_subjects(draft, constants))
    layout = layout_of(loaded.head, brand)
    for part, text in draft.parts.items():
        plain, language = split(part)
        known = constants(language)
        if plain in PARTS:
            found += _yaml(f"messages/{message}/{part}", part, text, known)
        elif part.endswith((".txt", ".html")):
            found.append(_file(f"messages/{message}/{part}", part, text, known))
        if file := layout_file(part, text, layout, folder.layouts):
            found.append(_file(f"layouts/{file}", part, folder.layouts[file], known, layout=True))
    return found


def brand_of(folder: Folder, head: MessageHead) -> Brand | None:
    """The brand that a message speaks for, that of the project where it names none."""
    loaded = folder.brands.get(head.brand or folder.project.brand or "")
    return loaded.model if loaded else None


def read(source: str, constants: Mapping[str, Any], *, html: bool = False) -> Reading:
    """A text as it is read, with all of its branches one after the other; one that cannot be parsed is empty."""
    try:
        refuse_unclosed(source)
    except TemplateFault:
        return Reading()
    plain = _without_liquid(source, constants, html=html)
    return _without_html(plain) if html else plain


def _file(file: str, part: str, text: str, known: Mapping[str, Any], *, layout: bool = False) -> Said:

    def place(index: int) -> Mark:
        line, column = _line(text, index)
        return Mark(line, column)

    channel, language = part.partition(".")[0], split(part)[1]
    return Said(file, part, channel, language, read(text, known, html=part.endswith(".html")), place, layout)


def _yaml(file: str, part: str, text: str, known: Mapping[str, Any]) -> Iterator[Said]:
    _, positions, problems = read_part(file, text)
    root = positions.root
    if problems or not isinstance(root, Keys):
        return
    for written in (each for entry in _read_by_people(root.entries) for each in scalars(entry.value)):
        if isinstance(written.value, str):
            yield said_at(file, (part, part.partition(".")[0], split(part)[1]), positions, written, known)


def _read_by_people(entries: Sequence[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if entry.name not in _NOT_READ)


def _subjects(draft: MessageDraft, constants: Callable[[str], dict[str, Any]]) -> Iterator[Said]:
    root = draft.head.positions.root if draft.head else None
    if draft.head is None or not isinstance(root, Keys):
        return
    others = root.get("subjects")
    written = [("", root.get("subject"))]
    written += [(entry.name, entry.value) for entry in others.entries] if isinstance(others, Keys) else []
    for language, value in written:
        if isinstance(value, Scalar) and isinstance(value.value, str):
            known = constants(language)
            yield said_at(draft.head.path, ("", "email", language), draft.head.positions, value, known)


def said_at(
    file: str, of: tuple[str, str, str], positions: Positions, written: Scalar, known: Mapping[str, Any]
) -> Said:
    """What a value of YAML says; `of` are the part, the channel and the language that it belongs to."""

    def place(index: int) -> Mark:
        return positions.inside(written, *_line(written.text, index))

    return Said(file, *of, read(written.text, known), place)


def _line(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _without_liquid(source: str, constants: Mapping[str, Any], *, html: bool) -> Reading:
    whole = Reading(source, list(range(len(source))), [True] * len(source))
    found, end = Reading(), 0
    for match in _LIQUID.finditer(source):
        found.take(whole, end, match.start())
        end = match.end()
        if match[1] is not None:
            _output(match, found, whole, constants, html=html)
        elif match[2] is not None:
            word = (match[2].split() or [""])[0]
            if word in _BRANCHES:
                found.put("\n", match.start())
            if word in _SAYS:
                _strings(match, 2, found, whole)
    found.take(whole, end, len(source))
    return found


def _output(match: re.Match[str], found: Reading, whole: Reading, constants: Mapping[str, Any], *, html: bool) -> None:
    root = _ROOT.match(match[1])
    name = root[1] if root else ""
    if name in LINKS:
        found.put(link_sign(name), match.start(), written=False)
    elif name in CONSTANTS:
        try:
            value = parse(match[0], html=html).render(constants)
        except TemplateFault:
            value = UNKNOWN
        found.put(value or UNKNOWN, match.start(), written=False)
    else:
        found.put(UNKNOWN, match.start(), written=False)
        _strings(match, 1, found, whole)


def link_sign(name: str) -> str:
    """What stands in a reading for a link that the dispatcher fills in."""
    return f"\ue000{name}\ue001"


def _strings(match: re.Match[str], group: int, found: Reading, whole: Reading) -> None:
    """The texts in a tag, which may be what is read: `default: "there"`."""
    for each in _STRINGS.finditer(match[group]):
        start = match.start(group) + each.start() + 1
        found.put(" ", start)
        found.take(whole, start, match.start(group) + each.end() - 1)
        found.put(" ", start)


def _without_html(plain: Reading) -> Reading:
    found, end = Reading(), 0
    for match in _HTML.finditer(plain.text):
        found.take(plain, end, match.start())
        end, at = match.end(), plain.at[match.start()]
        name = (match[3] or "").lower()
        if match[0].startswith("&"):
            found.put(html.unescape(match[0]), at, written=plain.written[match.start()])
        elif name not in _INLINE:
            found.put(" ", at)
        if name == "img":
            _picture(match, found, plain)
    found.take(plain, end, len(plain.text))
    return found


def _picture(match: re.Match[str], found: Reading, plain: Reading) -> None:
    alt = _ALT.search(match[4])
    if alt is None:
        found.bare.append(plain.at[match.start()])
        return
    group = 1 if alt[1] is not None else 2
    found.take(plain, match.start(4) + alt.start(group), match.start(4) + alt.end(group))
    found.put(" ", plain.at[match.start()])
