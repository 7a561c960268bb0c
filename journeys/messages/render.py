"""A message for one person on one channel, from templates compiled once per content."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from journeys.messages import sms
from journeys.messages.model import Message
from journeys.messages.parts import (
    PARTS,
    ApprisePart,
    CrmPart,
    InappPart,
    PostalPart,
    PushPart,
    WebhookPart,
    WhatsappPart,
    YamlPart,
    sound_part,
)
from journeys.messages.template import LINKS, Template, TemplateFault, nested, parse
from journeys.messages.utm import tagger
from journeys.messages.window import REPLIED, WINDOW_MS

MAX_SUBJECT = 500
_KEPT = 1024
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Rendered:
    """What a recipient reads. A part that the message does not have is empty; the subject is one line.

    Of a push the subject is its title and the text its body; `link` and `image` only a push has. Of a webhook the
    subject is the type of its event, and `data` what it tells. `segments` counts those of an SMS. Of a WhatsApp
    template `template` and `language` say which, and `data` holds its parameters (`header`, `body.1`, `button.0`).
    Of a letter `template` is its name and `data` its places (`address.1`, `fields.name`, `code`), of a record at a CRM
    its kind and its fields (`id.email`, `fields.city`). `shown_ms` is how long an inbox shows it, 0 for no end.
    `until` (ms) is when the time is over in which it may leave, None for any time; `true_until` when what it states is
    not true any more, 0 for never.
    """

    subject: str
    text: str
    html: str
    link: str = ""
    image: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    segments: int = 0
    template: str = ""
    language: str = ""
    until: int | None = None
    true_until: int = 0
    shown_ms: int = 0


@dataclass(frozen=True)
class _Compiled:
    subject: Template
    text: Template | None
    html: Template | None
    link: Template | None = None
    image: Template | None = None
    data: Mapping[str, Template] = field(default_factory=dict)
    template: str = ""
    language: str = ""
    within_ms: int = 0
    since: str = ""
    shown_ms: int = 0

    @property
    def templates(self) -> list[Template]:
        """All that it has."""
        given = (self.subject, self.text, self.html, self.link, self.image, *self.data.values())
        return [template for template in given if template]


_compiled: OrderedDict[tuple[str, str], _Compiled] = OrderedDict()


def render(
    message: Message, channel: str, variables: Mapping[str, Any], language: str = "", journey: str = ""
) -> Rendered:
    """The message for one person, in their language or the one that stands for it, as `journey` sends it.

    Raises TemplateFault where it has no part for the channel or cannot be rendered.
    """
    spoken = message.spoken(language)
    templates = _templates(spoken, channel)
    values = {**nested(variables), **spoken.constants.get("", {})}
    text = templates.text.render(values) if templates.text else ""
    html = templates.html.render(values) if templates.html else ""
    link = templates.link.render(values).strip() if templates.link else ""
    data = {name: template.render(values) for name, template in templates.data.items()}
    if message.utm is not None:
        tags = tagger(message.utm, channel, journey, {str(values[name]) for name in LINKS if name in values})
        text, html, link = tags.text(text), tags.html(html), tags.url(link)
        data = {name: tags.text(value) for name, value in data.items()}
    if channel == "sms":
        text = sms.tidy(text)
    return Rendered(
        subject=_BREAKS.sub(" ", templates.subject.render(values)).strip()[:MAX_SUBJECT],
        text=text,
        html=html,
        link=link,
        image=templates.image.render(values).strip() if templates.image else "",
        data=data,
        segments=sms.length(text).segments if channel == "sms" else 0,
        template=templates.template,
        language=templates.language,
        until=_until(templates, values),
        true_until=message.until,
        shown_ms=templates.shown_ms,
    )


def channels_of(message: Message) -> list[str]:
    """The channels that the message can be rendered for."""
    among = {f"{name}{end}": name for name in message.channels for end in (".txt", ".html")}
    among |= {file: file.partition(".")[0] for file in PARTS}
    return sorted({among[part] for part in message.parts if part in among})


def recipient_of(message: Message, channel: str) -> str:
    """Who gets it whoever it is about: the endpoint of a webhook, the account of a CRM; empty for the customer."""
    part = _yaml_part(message, channel)
    return part.to if isinstance(part, WebhookPart | CrmPart | ApprisePart) else ""


def variables_of(message: Message, channel: str) -> frozenset[str]:
    """The dotted paths that the message reads on this channel. Raises TemplateFault like `render`."""
    found: set[str] = set()
    for variant in message.variants.values():
        templates = _templates(variant, channel)
        found |= {templates.since} if templates.since else set()
        found.update(*(template.variables for template in templates.templates))
    return frozenset(found)


def _until(templates: _Compiled, values: Mapping[str, Any]) -> int | None:
    """When the time is over that began with the instant which the message is bound to; at once where there is none."""
    if not templates.since:
        return None
    root, _, name = templates.since.partition(".")
    began = values.get(root, {}).get(name)
    return began + templates.within_ms if isinstance(began, int) else 0


def _templates(message: Message, channel: str) -> _Compiled:
    key = (message.content_hash, channel)
    found = _compiled.get(key)
    if found is None:
        found = _compiled[key] = _compile(message, channel)
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return found


def _compile(message: Message, channel: str) -> _Compiled:
    part = _yaml_part(message, channel)
    if part is not None:
        return _compile_part(part)
    text, html = message.parts.get(f"{channel}.txt"), message.parts.get(f"{channel}.html")
    if text is None and html is None:
        having = ", ".join(message.channels) or "none"
        raise TemplateFault(f"message {message.name} has no part for {channel}, it has {having}")
    return _Compiled(
        subject=parse(message.head.subject),
        text=parse(text) if text is not None else None,
        html=parse(html, html=True) if html is not None else None,
    )


def _yaml_part(message: Message, channel: str) -> YamlPart | None:
    file = f"{channel}.yaml"
    return sound_part(file, message.parts[file]) if file in PARTS and file in message.parts else None


def _compile_part(part: YamlPart) -> _Compiled:
    match part:
        case PushPart() | InappPart():
            link = parse(part.link) if part.link else None
            image = parse(part.image) if part.image else None
            shown_ms = part.shown_ms if isinstance(part, InappPart) else 0
            title, body = parse(part.title), parse(part.body)
            return _Compiled(title, body, None, link, image, _parsed(part.data), shown_ms=shown_ms)
        case ApprisePart():
            return _Compiled(parse(part.title), parse(part.body), None)
        case WebhookPart():
            return _Compiled(parse(part.type), None, None, data=_parsed(part.data))
        case PostalPart():
            return _Compiled(parse(""), None, None, data=_parsed(part.places), template=part.letter)
        case CrmPart():
            return _Compiled(parse(""), None, None, data=_parsed(part.places), template=part.object)
        case WhatsappPart():
            return _compile_whatsapp(part)


def _compile_whatsapp(part: WhatsappPart) -> _Compiled:
    if not part.template:
        return _Compiled(parse(""), parse(part.text), None, since=REPLIED, within_ms=WINDOW_MS)
    image = parse(part.image) if part.image else None
    return _Compiled(parse(""), None, None, None, image, _parsed(part.parameters), part.template, part.language)


def _parsed(texts: Mapping[str, str]) -> dict[str, Template]:
    return {name: parse(text) for name, text in texts.items()}
