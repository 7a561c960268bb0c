"""Parts that are YAML: what their channel would not take before anything is filled in, and whose consent is asked."""

import re
from collections.abc import Iterator

from journeys.load import Folder
from journeys.messages.languages import split
from journeys.messages.model import Message
from journeys.messages.parts import (
    MAX_INAPP,
    MAX_LINE,
    MAX_PARAMETER,
    MAX_PUSH,
    MAX_WHATSAPP,
    MIN_LINES,
    PARTS,
    CrmPart,
    InappPart,
    PostalPart,
    PushPart,
    WhatsappPart,
    YamlPart,
    read_part,
)
from journeys.messages.template import TemplateFault, parse
from journeys.problem import Problem

_SAMPLE = re.compile(r"\{[{%]")


def faults(folder: Folder) -> Iterator[Problem]:
    """A fault for each part that its channel refuses whoever it is for, and for each record that asks for consent."""
    for name, message in folder.messages.items():
        for file, source in message.parts.items():
            if split(file)[0] in PARTS:
                yield from _part(f"messages/{name}/{file}", source, message)


def _part(file: str, source: str, message: Message) -> Iterator[Problem]:
    part, _, _ = read_part(file, source)
    if part is None:
        return
    for what, hint in _refused(part):
        yield Problem(file, 1, 1, "J099", what, hint)
    if isinstance(part, CrmPart) and message.head.class_ == "marketing":
        what = "a record of a CRM in a message of class marketing needs a consent for `crm`, which nobody is asked for"
        hint = "write it as a message of its own, with `class: service` in message.yaml"
        yield Problem(file, 1, 1, "J100", what, hint)


def _refused(part: YamlPart) -> Iterator[tuple[str, str]]:
    """What its channel would refuse, each with a cure."""
    match part:
        case PushPart():
            yield from _bytes([part.title, part.body, part.link, *part.data.values()], MAX_PUSH, "push")
        case InappPart():
            yield from _bytes([part.title, part.body, part.link, *part.data.values()], MAX_INAPP, "message in the app")
        case WhatsappPart():
            yield from _characters([part.text], MAX_WHATSAPP, "the text")
            yield from _characters(list(part.parameters.values()), MAX_PARAMETER, "a parameter")
        case PostalPart():
            yield from _address(part.address)
        case _:
            return


def _bytes(texts: list[str], most: int, what: str) -> Iterator[tuple[str, str]]:
    size = sum(len(_plain(text).encode("utf-8", "replace")) for text in texts)
    if size > most:
        yield f"the {what} has {size:,} bytes before anything is filled in, {most:,} allowed", "shorten it"


def _characters(texts: list[str], most: int, what: str) -> Iterator[tuple[str, str]]:
    size = max((len(_plain(text)) for text in texts), default=0)
    if size > most:
        yield f"{what} has {size:,} characters before anything is filled in, {most:,} allowed", "shorten it"


def _address(lines: list[str]) -> Iterator[tuple[str, str]]:
    if lines and len(lines) < MIN_LINES:
        hint = "write a line for each of name, street and town, or leave `address` out for the attribute `postal`"
        yield "an address of one line", hint
    for line in lines:
        if len(_plain(line)) > MAX_LINE:
            yield f"a line of the address has {len(_plain(line))} characters, {MAX_LINE} allowed", "write two lines"


def _plain(text: str) -> str:
    """The text where nothing is filled in; empty for one that cannot be read, of which others tell."""
    if not _SAMPLE.search(text):
        return text
    try:
        return parse(text).render({})
    except TemplateFault:
        return ""
