"""Tracking: the links of one message that leaves, made to lead over `sillage serve`, and the image of its opening."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import NamedTuple

from yarl import URL

from engine.decision import Action
from journeys.messages import sms
from journeys.messages.model import Message
from journeys.messages.render import Rendered
from journeys.messages.utm import in_html, in_text
from streams.links.tokens import CLICK, LONGEST, OPEN, REFERENCE, SCAN, TRAP, Keys, Reference, Target

SHORT_LINKS = frozenset({"sms", "whatsapp"})
"""Channels on which every character counts."""
_LONGEST_URL = 1_000
_HIDDEN = 'style="display:none;max-height:0;overflow:hidden" tabindex="-1" aria-hidden="true" rel="nofollow"'


class Tracked(NamedTuple):
    """What leaves, and the tokens that its short codes stand for, to be kept before it does."""

    rendered: Rendered
    codes: Mapping[str, str]


def reference(keys: Keys, action: Action) -> str:
    """What a provider repeats with what it tells of the message: whose it is, sealed."""
    about = Reference(action.customer, action.id, action.message, action.channel, action.decided_at)
    return keys.seal(REFERENCE, about)


def scan_code(keys: Keys, action: Action, url: str, turn: int) -> tuple[str, str]:
    """The short code on a letter, and the token that it stands for."""
    token = keys.seal(SCAN, _target(action, url))
    return keys.code(f"{token}{turn or ''}"), token


def tracked(url: str, keys: Keys, action: Action, message: Message, rendered: Rendered, turn: int = 0) -> Tracked:
    """The message as its head wants it tracked; one of class critical stays as it is.

    `url` is where links lead; those that lie under it already stay. Another `turn` gives other short codes.
    """
    wanted = message.head.tracking
    if wanted is None or action.class_ == "critical":
        return Tracked(rendered, {})
    text, html, codes = rendered.text, rendered.html, dict[str, str]()

    def led(link: str) -> str:
        token = keys.seal(CLICK, _target(action, link))
        if link.startswith(f"{url}/") or len(link) > _LONGEST_URL or len(token) > LONGEST or not _leads(link):
            return link
        if action.channel not in SHORT_LINKS:
            return f"{url}/c/{token}"
        code = keys.code(f"{token}{turn or ''}")
        codes[code] = token
        return f"{url}/s/{code}"

    if wanted.clicks:
        text, html = in_text(text, led), in_html(html, _led_on(led))
    if wanted.clicks and wanted.trap and html:
        trap = f"{url}/c/{keys.seal(TRAP, _target(action, ''))}"
        html = _within(html, f'<a href="{escape(trap)}" {_HIDDEN}></a>', start=True)
    if wanted.opens and html:
        seen = f"{url}/o/{keys.seal(OPEN, _target(action, ''))}"
        html = _within(html, f'<img src="{escape(seen)}" width="1" height="1" alt="" border="0">', start=False)
    segments = sms.length(text).segments if action.channel == "sms" else rendered.segments
    return Tracked(replace(rendered, text=text, html=html, segments=segments), codes)


def _led_on(led: Callable[[str], str]) -> Callable[[str], str]:
    return lambda link: led(link) if link.lower().startswith(("http://", "https://")) else link


def _leads(link: str) -> bool:
    """Whether somebody can be led there: a link without a host, or with a port that is none, is left to them."""
    try:
        return bool(URL(link).host)
    except ValueError:
        return False


def _target(action: Action, url: str) -> Target:
    return Target(action.customer, action.id, action.message, action.channel, action.decided_at, url)


def _within(html: str, added: str, *, start: bool) -> str:
    """HTML with something behind the start of its body, or before the end."""
    low = html.lower()
    at = low.find("<body")
    if start:
        place = html.find(">", at) + 1 if at >= 0 else 0
    else:
        end = low.rfind("</body")
        place = end if end >= 0 else len(html)
    return html[:place] + added + html[place:]
