"""Templates of messages: that they can be read, and name only variables that can exist."""

from collections.abc import Iterator

from journeys.load import Folder, MessageDraft
from journeys.messages.parts import PARTS, read_part
from journeys.messages.template import TemplateFault, parse
from journeys.problem import Problem
from journeys.tree import Mapping, Mark, Scalar

_TEXTS = (".html", ".txt")


def faults(folder: Folder) -> Iterator[Problem]:
    """The first fault of each subject and each text, and every fault of a part that is YAML."""
    for message in folder.message_drafts.values():
        yield from _subject(message)
        for part, text in message.parts.items():
            fault = _fault(text, html=part.endswith(".html")) if part.endswith(_TEXTS) else None
            if fault:
                yield _told(f"messages/{message.name}/{part}", Mark(max(fault.line, 1), max(fault.column, 1)), fault)
        for part in PARTS.keys() & message.parts.keys():
            yield from _part(f"messages/{message.name}/{part}", message.parts[part])


def _part(file: str, text: str) -> Iterator[Problem]:
    _, positions, problems = read_part(file, text)
    yield from problems
    if problems or not isinstance(positions.root, Mapping):
        return
    data = positions.root.get("data")
    for entry in (*positions.root.entries, *(data.entries if isinstance(data, Mapping) else [])):
        written = entry.value
        fault = _fault(written.text, html=False) if isinstance(written, Scalar) else None
        if isinstance(written, Scalar) and fault:
            yield _told(file, positions.inside(written, fault.line, fault.column), fault)


def _subject(message: MessageDraft) -> Iterator[Problem]:
    root = message.head.positions.root if message.head else None
    subject = root.get("subject") if isinstance(root, Mapping) else None
    if message.head is None or not isinstance(subject, Scalar) or not isinstance(subject.value, str):
        return
    fault = _fault(subject.text, html=False)
    if fault:
        yield _told(message.head.path, message.head.positions.inside(subject, fault.line, fault.column), fault)


def _fault(text: str, *, html: bool) -> TemplateFault | None:
    try:
        parse(text, html=html)
    except TemplateFault as fault:
        return fault
    return None


def _told(file: str, mark: Mark, fault: TemplateFault) -> Problem:
    what, _, hint = fault.message.partition("; hint: ")
    code = "J016" if what.startswith("unknown name") else "J015"
    return Problem(file, mark.line, mark.column, code, what, hint)
