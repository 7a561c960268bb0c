"""Templates of messages: that they can be read, and name only variables that can exist."""

from collections.abc import Iterator

from journeys.checks.reading import brand_of
from journeys.checks.variables import Constants, Known, lacking, senders
from journeys.load import Folder, MessageDraft
from journeys.messages.composed import constants_of, layout_file, layout_of
from journeys.messages.languages import split
from journeys.messages.parts import PARTS, read_part
from journeys.messages.template import TemplateFault, parse
from journeys.problem import Problem
from journeys.tree import Mapping, Mark, scalars

_TEXTS = (".html", ".txt")
_UNKNOWN = ("unknown name", "`", "nothing sets")
"""How the message of a variable begins that cannot exist; no other begins so."""


def faults(folder: Folder) -> Iterator[Problem]:
    """Texts that cannot be read, parts that are faulty YAML, and variables that nobody can fill in."""
    sent = senders(folder)
    for message in folder.message_drafts.values():
        among: list[Known] = [*sent.get(message.name, []), _constants(folder, message.name)]
        yield from _subject(message, among)
        for part, text in message.parts.items():
            if part.endswith(_TEXTS):
                yield from _text(f"messages/{message.name}/{part}", text, among)
        for part in (each for each in message.parts if split(each)[0] in PARTS):
            yield from _part(f"messages/{message.name}/{part}", message.parts[part], among)
        for file in layouts_of(folder, message.name):
            yield from _text(f"layouts/{file}", folder.layouts[file], among, layout=True)


def layouts_of(folder: Folder, name: str) -> list[str]:
    """The files of the layout that the parts of a message stand in."""
    message = folder.messages.get(name)
    layout = layout_of(message.head, brand_of(folder, message.head)) if message else ""
    parts = folder.message_drafts[name].parts
    found = {layout_file(part, text, layout, folder.layouts) for part, text in parts.items()}
    return sorted(found - {""})


def _constants(folder: Folder, name: str) -> Constants:
    message = folder.messages.get(name)
    if message is None:
        return Constants(None)
    brand, named = brand_of(folder, message.head), message.head.brand or folder.project.brand
    if named and brand is None:
        # Of a brand that is not there, or does not fit, it is told there.
        return Constants(None)
    return Constants(constants_of(message.head, folder.project, brand, ""), brand.brand if brand else "")


def _text(file: str, text: str, among: list[Known], *, layout: bool = False) -> Iterator[Problem]:
    for fault in faults_in(text, among, html=file.endswith(".html"), layout=layout):
        yield told(file, Mark(max(fault.line, 1), max(fault.column, 1)), fault)


def _part(file: str, text: str, among: list[Known]) -> Iterator[Problem]:
    _, positions, problems = read_part(file, text)
    yield from problems
    if problems or not isinstance(positions.root, Mapping):
        return
    for written in scalars(positions.root):
        for fault in faults_in(written.text, among):
            yield told(file, positions.inside(written, fault.line, fault.column), fault)


def _subject(message: MessageDraft, among: list[Known]) -> Iterator[Problem]:
    root = message.head.positions.root if message.head else None
    if message.head is None or not isinstance(root, Mapping):
        return
    for subject in (*scalars(root.get("subject")), *scalars(root.get("subjects"))):
        for fault in faults_in(subject.text, among) if isinstance(subject.value, str) else ():
            yield told(message.head.path, message.head.positions.inside(subject, fault.line, fault.column), fault)


def faults_in(text: str, among: list[Known], *, html: bool = False, layout: bool = False) -> Iterator[TemplateFault]:
    """Why a text cannot be read, or else each variable in it that a journey which sends it cannot have."""
    try:
        template = parse(text, html=html, layout=layout)
    except TemplateFault as fault:
        yield fault
        return
    for place, what, hint in lacking(among, template.places):
        yield TemplateFault(f"{what}; hint: {hint}", *place)


def told(file: str, mark: Mark, fault: TemplateFault) -> Problem:
    what, _, hint = fault.message.partition("; hint: ")
    hint = hint or "write values as `{{ customer.first_name }}`, tags as `{% if entry.total > 30 %}`, and close each"
    code = "J016" if what.startswith(_UNKNOWN) else "J015"
    return Problem(file, mark.line, mark.column, code, what, hint)
