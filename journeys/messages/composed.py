"""A message as it travels: its parts inside their layouts, with the facts and the brand that they name as constants."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from journeys.messages.languages import fallbacks, in_language, split
from journeys.messages.model import Message
from journeys.model import Brand, Fact, MessageHead, Project, Utm, Voice

NO_LAYOUT = "none"
CONTENT = re.compile(r"\{\{-?\s*content\s*-?\}\}")
"""Where a layout holds the text of a message."""
_SUBJECT = re.compile(r"\{\{-?\s*subject\s*-?\}\}")
_OPENS = re.compile(r"\{[{%]")
_CLOSES = {"{{": "}}", "{%": "%}"}
_FACT = re.compile(r"""(?<![\w.])facts\b(?:\.([a-z0-9_-]+)|\s*\[\s*["']([a-z0-9_-]+)["']\s*\])?""")
_BRAND = re.compile(r"""(?<![\w.])brand\b(?:\.([a-z]+)|\s*\[\s*["']([a-z]+)["']\s*\])?""")
_ASSETS = re.compile(r"\basset(?:_url|s_url)\b")
_PAGE = re.compile(r"<html\b", re.IGNORECASE)
_IN_LAYOUTS = ("email.html", "email.txt")


def composed(
    name: str,
    head: MessageHead,
    parts: Mapping[str, str],
    project: Project,
    brands: Mapping[str, Brand],
    layouts: Mapping[str, str],
) -> Message:
    """The message whole, so that nothing else is looked up when it leaves; what it does not name it does not hold."""
    if head.tracking is None and project.tracking is not None:
        head = head.model_copy(update={"tracking": project.tracking})
    brand = brands.get(head.brand or project.brand or "")
    laid = {file: _laid(file, text, head, layout_of(head, brand), layouts) for file, text in parts.items()}
    texts = [head.subject, *(head.subjects or {}).values(), *laid.values()]
    # What people read names nothing: "the facts" are words there.
    written = "\n".join(piece for piece, is_liquid in _pieces("\n".join(texts)) if is_liquid)
    languages = sorted({split(file)[1] for file in parts} | set(head.subjects or ()) | {""})
    known = {language: constants_of(head, project, brand, language) for language in languages}
    held = {language: _named(written, values) for language, values in known.items()}
    used = (facts_of(head, brand)[fact] for fact in held[""].get("facts", {}))
    return Message(
        name,
        head,
        laid,
        {language: values for language, values in held.items() if values},
        _tags(head, project, brand),
        *span(used, project.zone),
    )


def layout_of(head: MessageHead, brand: Brand | None) -> str:
    """The name of the layout that a message's e-mail stands in, empty for none."""
    named = head.layout or (brand.layout if brand else None) or NO_LAYOUT
    return "" if named == NO_LAYOUT else named


def layout_file(part: str, text: str, layout: str, layouts: Mapping[str, str]) -> str:
    """The file of a layout that a part stands in, in its language where there is one; empty for none.

    HTML that is a whole page stands in none.
    """
    plain, language = split(part)
    if not layout or plain not in _IN_LAYOUTS or (part.endswith(".html") and _PAGE.search(text)):
        return ""
    file = f"{layout}.{plain.rpartition('.')[2]}"
    named = [*(in_language(file, tag) for tag in fallbacks(language)), file]
    return next((each for each in named if each in layouts), "")


def constants_of(head: MessageHead, project: Project, brand: Brand | None, language: str) -> dict[str, Any]:
    """All that the templates of a message may name beside what is known of the person: `brand`, `facts`, `assets_url`.

    Brands and facts have only what is written, and the facts of the project's currency.
    """
    found: dict[str, Any] = {}
    if brand is not None:
        voice = voice_of(brand, language)
        texts = {"title": brand.title, "signature": (voice.signature or "").strip()}
        named = {"colours": dict(brand.colours), "texts": voice.texts}
        found["brand"] = {key: value for key, value in {**texts, **named}.items() if value}
    if facts := facts_of(head, brand):
        found["facts"] = {name: _values(fact, project) for name, fact in facts.items()}
    if project.assets_url:
        found["assets_url"] = project.assets_url.rstrip("/")
    return found


def facts_of(head: MessageHead, brand: Brand | None) -> dict[str, Fact]:
    """The facts that a message may name: those of its brand, and its own."""
    return {**(brand.facts if brand else {}), **head.facts}


def voice_of(brand: Brand, language: str) -> Voice:
    """What a brand says in a language: what is named there, else what is in its own."""
    own = Voice(
        signature=brand.signature, texts=brand.texts, words=brand.words, claims=brand.claims, required=brand.required
    )
    for tag in reversed(list(fallbacks(language))):
        other = brand.languages.get(tag)
        if other is not None:
            given = {key: value for key in other.model_fields_set if (value := getattr(other, key)) is not None}
            given["texts"] = {**own.texts, **other.texts}
            own = own.model_copy(update=given)
    return own


def day_at(day: str, zone: str, *, after: bool = False) -> int:
    """The instant (ms) at which a day begins in a zone, or at which it is over; 0 for what is no day."""
    try:
        found = date.fromisoformat(day) + timedelta(days=int(after))
        return int(datetime(found.year, found.month, found.day, tzinfo=_zone(zone)).timestamp()) * 1000
    except (ValueError, OverflowError):
        return 0


def _zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # `check` tells of it.
        return UTC


def _laid(file: str, text: str, head: MessageHead, layout: str, layouts: Mapping[str, str]) -> str:
    found = layout_file(file, text, layout, layouts)
    if not found:
        return text
    language = split(file)[1]
    subject = next((head.subjects[tag] for tag in fallbacks(language) if head.subjects and tag in head.subjects), None)
    subject = head.subject if subject is None else subject
    around = _SUBJECT.sub(lambda _: _escaped(subject) if found.endswith(".html") else subject, layouts[found])
    return CONTENT.sub(lambda _: text.strip("\n"), around, count=1)


def _escaped(subject: str) -> str:
    """A subject as HTML: what its templates give is escaped when it is rendered."""
    return "".join(piece if is_liquid else html.escape(piece) for piece, is_liquid in _pieces(subject))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A template in order: what people read, and each `{{ }}` and `{% %}` whole, which is said of it.

    In linear time, whatever opens and never closes: an expression for it takes the square.
    """
    done = at = 0
    unclosed: set[str] = set()
    while opened := _OPENS.search(text, at):
        end = -1 if opened[0] in unclosed else text.find(_CLOSES[opened[0]], opened.end())
        if end < 0:
            # Its second brace may begin another: `{{% if %}` is a brace and a tag.
            unclosed.add(opened[0])
            at = opened.start() + 1
            continue
        at = end + 2
        yield text[done : opened.start()], False
        yield text[opened.start() : at], True
        done = at
    yield text[done:], False


def _values(fact: Fact, project: Project) -> dict[str, Any]:
    values = fact.model_dump(by_alias=True, exclude_none=True, exclude={"title"})
    return {"currency": project.currency, **values} if project.currency else values


def _named(written: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the constants that a text names: an edit of the others is no new version of it."""
    found: dict[str, Any] = {}
    for root, form in (("facts", _FACT), ("brand", _BRAND)):
        names = {first or second for first, second in form.findall(written)}
        kept = {name: value for name, value in known.get(root, {}).items() if name in names or "" in names}
        found |= {root: kept} if kept else {}
    if "assets_url" in known and _ASSETS.search(written):
        found["assets_url"] = known["assets_url"]
    return found


def span(facts: Iterable[Fact], zone: str) -> tuple[int, int]:
    """From when until when (ms, 0 for always) all of the facts are true."""
    listed = list(facts)
    since = max((day_at(each.from_, zone) for each in listed if each.from_), default=0)
    until = min((day_at(each.until, zone, after=True) for each in listed if each.until), default=0)
    return since, until


def _tags(head: MessageHead, project: Project, brand: Brand | None) -> Utm | None:
    """What links carry: the message's own, else the project's; None where no host is the project's own."""
    usual, own = project.utm, head.utm
    if own == "none" or (usual is None and own is None):
        return None
    levels = [each for each in (own, usual) if isinstance(each, Utm)]

    def first(key: str) -> Any:
        return next((value for each in levels if (value := getattr(each, key))), "")

    source = first("source") or (brand.brand if brand else "")
    hosts, channels = first("hosts") or [], first("channels") or []
    medium, campaign = first("medium"), first("campaign")
    return Utm(hosts=hosts, channels=channels, source=source, medium=medium, campaign=campaign) if hosts else None
