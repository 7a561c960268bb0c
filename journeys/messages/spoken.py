"""The answers of a FAQ as they are said: with the brand and the facts that they name filled in, as in messages."""

from collections.abc import Iterable, Mapping

import msgspec

from journeys.messages.composed import constants_of, span
from journeys.messages.template import CONSTANTS, TemplateFault, parse
from journeys.model import Brand, Faq, MessageHead, Project

_LIQUID = ("{{", "{%")
_HEAD = MessageHead.model_validate({})
"""That of no message: the facts are those of the brand."""
Span = tuple[int, int]
"""From when until when (ms, 0 for always) what an answer states is true."""


class Spoken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Texts that name something, by entry and language, and when what they state is true; others stand in the FAQ."""

    texts: dict[str, dict[str, str]] = {}
    spans: dict[str, Span] = {}


def spoken(faq: Faq, project: Project, brand: Brand | None) -> Spoken:
    """What of a FAQ depends on the brand that speaks. A template that cannot be read stays as it is written."""
    texts: dict[str, dict[str, str]] = {}
    spans: dict[str, Span] = {}
    for name, entry in faq.entries.items():
        facts: set[str] = set()
        for language, text in entry.answers.items():
            if any(each in text for each in _LIQUID):
                known = constants_of(_HEAD, project, brand, language)
                said, named = _filled(text, known)
                texts.setdefault(name, {})[language] = said
                facts |= named
        held = brand.facts if brand is not None else {}
        if any(found := span((held[fact] for fact in sorted(facts) if fact in held), project.zone)):
            spans[name] = found
    return Spoken(texts, spans)


def facts_named(text: str) -> set[str]:
    """The names of the facts that a text states; none of one that cannot be read."""
    try:
        return _facts(parse(text).constants)
    except TemplateFault:
        return set()


def _filled(text: str, known: Mapping[str, object]) -> tuple[str, set[str]]:
    """The text, and the names of the facts that it states."""
    try:
        template = parse(text)
        return template.render(known), _facts(template.constants)
    except TemplateFault:
        return text, set()


def _facts(paths: Iterable[str]) -> set[str]:
    """The second names of `facts.NAME.KEY`."""
    parts = (path.split(".") for path in paths)
    return {each[1] for each in parts if each[0] == CONSTANTS[1] and len(each) > 1}
