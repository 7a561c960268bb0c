"""Codes that people scan: that a message which names one says where it leads."""

from collections.abc import Iterator

from journeys.checks.templates import layouts_of
from journeys.load import Folder
from journeys.messages.languages import split
from journeys.messages.parts import PARTS, read_part
from journeys.messages.template import SCAN_URL, TemplateFault, parse
from journeys.problem import Problem
from journeys.tree import Mark, Positions, scalars

_TEXTS = (".html", ".txt")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each text of a message without `scan`, or of its layout, that names the link of a code."""
    for name, message in folder.messages.items():
        if message.head.scan is not None:
            continue
        what = f"`{SCAN_URL}` leads nowhere, since the message `{name}` has no `scan`"
        hint = f"write `scan: https://...` in messages/{name}/message.yaml, or leave the code out"
        for file, mark in _named(folder, name):
            yield Problem(file, mark.line, mark.column, "J101", what, hint)


def _named(folder: Folder, name: str) -> Iterator[tuple[str, Mark]]:
    """Each file of a message in which the link stands, and where it first does in each of its texts."""
    draft = folder.message_drafts[name]
    if draft.head is not None:
        yield from ((draft.head.path, mark) for mark in _values(draft.head.positions))
    texts = {f"messages/{name}/{part}": text for part, text in draft.parts.items()}
    texts |= {f"layouts/{file}": folder.layouts[file] for file in layouts_of(folder, name)}
    for file, text in texts.items():
        if SCAN_URL not in text:
            continue
        if file.endswith(_TEXTS):
            yield from ((file, Mark(*place)) for place in _places(text))
        elif split(file.rpartition("/")[2])[0] in PARTS:
            yield from ((file, mark) for mark in _values(read_part(file, text)[1]))


def _values(positions: Positions) -> Iterator[Mark]:
    for written in scalars(positions.root):
        for place in _places(written.text) if SCAN_URL in written.text else ():
            yield positions.inside(written, *place)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where the link first stands, in line and column; of a text that cannot be read it is told elsewhere."""
    try:
        found = parse(text, layout=True).places
    except TemplateFault:
        return
    if SCAN_URL in found:
        yield found[SCAN_URL]
