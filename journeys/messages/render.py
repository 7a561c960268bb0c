"""A message for one person on one channel: subject, text and HTML, from templates compiled once per content."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from journeys.messages.model import Message
from journeys.messages.template import Template, TemplateFault, nested, parse

MAX_SUBJECT = 500
_KEPT = 1024
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Rendered:
    """What a recipient reads. A part that the message does not have is empty; the subject is one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Compiled:
    subject: Template
    text: Template | None
    html: Template | None


_compiled: OrderedDict[tuple[str, str], _Compiled] = OrderedDict()


def render(message: Message, channel: str, variables: Mapping[str, Any]) -> Rendered:
    """The message for one person. Raises TemplateFault where it has no part for the channel or cannot be rendered."""
    templates = _templates(message, channel)
    values = nested(variables)
    return Rendered(
        subject=_BREAKS.sub(" ", templates.subject.render(values)).strip()[:MAX_SUBJECT],
        text=templates.text.render(values) if templates.text else "",
        html=templates.html.render(values) if templates.html else "",
    )


def variables_of(message: Message, channel: str) -> frozenset[str]:
    """The dotted paths that the message reads on this channel. Raises TemplateFault like `render`."""
    templates = _templates(message, channel)
    parts = [part for part in (templates.subject, templates.text, templates.html) if part]
    return frozenset().union(*(part.variables for part in parts))


def _templates(message: Message, channel: str) -> _Compiled:
    key = (message.content_hash, channel)
    found = _compiled.get(key)
    if found is None:
        found = _compiled[key] = _compile(message, channel)
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return found


def _compile(message: Message, channel: str) -> _Compiled:
    text, html = message.parts.get(f"{channel}.txt"), message.parts.get(f"{channel}.html")
    if text is None and html is None:
        having = ", ".join(message.channels) or "none"
        raise TemplateFault(f"message {message.name} has no part for {channel}, it has {having}")
    return _Compiled(
        subject=parse(message.head.subject),
        text=parse(text) if text is not None else None,
        html=parse(html, html=True) if html is not None else None,
    )
