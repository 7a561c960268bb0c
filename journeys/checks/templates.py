"""Templates of messages: that they can be read, and name only variables that can exist."""

from collections.abc import Iterator

from journeys.load import Folder, MessageDraft
from journeys.messages.template import TemplateFault, parse
from journeys.problem import Problem
from journeys.tree import Mapping, Mark, Scalar

_TEXTS = (".html", ".txt")


def faults(folder: Folder) -> Iterator[Problem]:
    """The first fault of each subject and each text."""
    for message in folder.message_drafts.values():
        yield from _subject(message)
        for part, text in message.parts.items():
            fault = _fault(text, html=part.endswith(".html")) if part.endswith(_TEXTS) else None
            if fault:
                yield _told(f"messages/{message.name}/{part}", Mark(max(fault.line, 1), max(fault.column, 1)), fault)


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
