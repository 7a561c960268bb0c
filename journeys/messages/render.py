"""A message for one person on one channel, from templates compiled once per content."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from journeys.messages.model import Message
from journeys.messages.push import PART, push_part
from journeys.messages.template import Template, TemplateFault, nested, parse

MAX_SUBJECT = 500
_KEPT = 1024
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Rendered:
    """What a recipient reads. A part that the message does not have is empty; the subject is one line.

    Of a push the subject is its title and the text its body; `link`, `image` and `data` only a push has.
    """

    subject: str
    text: str
    html: str
    link: str = ""
    image: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Compiled:
    subject: Template
    text: Template | None
    html: Template | None
    link: Template | None = None
    image: Template | None = None
    data: Mapping[str, Template] = field(default_factory=dict)

    @property
    def templates(self) -> list[Template]:
        """All that it has."""
        given = (self.subject, self.text, self.html, self.link, self.image, *self.data.values())
        return [template for template in given if template]


_compiled: OrderedDict[tuple[str, str], _Compiled] = OrderedDict()


def render(message: Message, channel: str, variables: Mapping[str, Any]) -> Rendered:
    """The message for one person. Raises TemplateFault where it has no part for the channel or cannot be rendered."""
    templates = _templates(message, channel)
    values = nested(variables)
    return Rendered(
        subject=_BREAKS.sub(" ", templates.subject.render(values)).strip()[:MAX_SUBJECT],
        text=templates.text.render(values) if templates.text else "",
        html=templates.html.render(values) if templates.html else "",
        link=templates.link.render(values).strip() if templates.link else "",
        image=templates.image.render(values).strip() if templates.image else "",
        data={name: template.render(values) for name, template in templates.data.items()},
    )


def channels_of(message: Message) -> list[str]:
    """The channels that the message can be rendered for."""
    return [
        name
        for name in message.channels
        if {f"{name}.txt", f"{name}.html"} & message.parts.keys() or _is_push(message, name)
    ]


def variables_of(message: Message, channel: str) -> frozenset[str]:
    """The dotted paths that the message reads on this channel. Raises TemplateFault like `render`."""
    return frozenset().union(*(template.variables for template in _templates(message, channel).templates))


def _templates(message: Message, channel: str) -> _Compiled:
    key = (message.content_hash, channel)
    found = _compiled.get(key)
    if found is None:
        found = _compiled[key] = _compile(message, channel)
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return found


def _compile(message: Message, channel: str) -> _Compiled:
    if _is_push(message, channel):
        return _compile_push(message.parts[PART])
    text, html = message.parts.get(f"{channel}.txt"), message.parts.get(f"{channel}.html")
    if text is None and html is None:
        having = ", ".join(message.channels) or "none"
        raise TemplateFault(f"message {message.name} has no part for {channel}, it has {having}")
    return _Compiled(
        subject=parse(message.head.subject),
        text=parse(text) if text is not None else None,
        html=parse(html, html=True) if html is not None else None,
    )


def _is_push(message: Message, channel: str) -> bool:
    return channel == "push" and PART in message.parts


def _compile_push(text: str) -> _Compiled:
    part = push_part(text)
    return _Compiled(
        subject=parse(part.title),
        text=parse(part.body),
        html=None,
        link=parse(part.link) if part.link else None,
        image=parse(part.image) if part.image else None,
        data={name: parse(value) for name, value in part.data.items()},
    )
