"""Links that say where a visit came from: UTM parameters on those that lead to the project's own hosts."""

import html
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from journeys.model import Utm

_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^\]\[]+", re.IGNORECASE)
_HREF = re.compile(r"(\bhref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_CLOSING = ".,;:!?)…»”’"
"""What ends the sentence that a link stands in, and not the link."""


class Tagger(NamedTuple):
    """Adds `parameters` to links of `hosts` and what lies below them, but to those of `untouched`."""

    hosts: Collection[str]
    parameters: Mapping[str, str]
    untouched: Collection[str]

    def url(self, url: str) -> str:
        """The link with the parameters that it has not; its own query and fragment stay as they are."""
        try:
            parts = urlsplit(url)
            host, has = parts.hostname or "", {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        except ValueError:
            return url
        own = any(host == each or host.endswith(f".{each}") for each in self.hosts)
        if not own or url in self.untouched or parts.scheme.lower() not in ("http", "https"):
            return url
        added = "&".join(f"{name}={quote(each, safe='')}" for name, each in self.parameters.items() if name not in has)
        if not added:
            return url
        before, sign, fragment = url.partition("#")
        joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
        return f"{before}{joint}{added}{sign}{fragment}"

    def text(self, text: str) -> str:
        """A text for people with its links so."""
        return in_text(text, self.url)

    def html(self, text: str) -> str:
        """HTML with the links that lead on so; what people read of it stays."""
        return in_html(text, self.url)


def in_text(text: str, changed: Callable[[str], str]) -> str:
    """A text for people with each of its links changed."""

    def found(match: re.Match[str]) -> str:
        url = match[0].rstrip(_CLOSING)
        return changed(url) + match[0][len(url) :]

    return _URL.sub(found, text)


def in_html(text: str, changed: Callable[[str], str]) -> str:
    """HTML with each link that leads on changed; what people read of it stays."""

    def found(match: re.Match[str]) -> str:
        sign, address = match[2][0], html.unescape(match[2][1:-1]).strip()
        other = changed(address)
        return match[0] if other == address else f"{match[1]}{sign}{html.escape(other)}{sign}"

    return _HREF.sub(found, text)


def tagger(utm: Utm, channel: str, campaign: str, untouched: Collection[str]) -> Tagger:
    """The tagger of a message on one channel: what it does not name is the channel, and the journey as campaign."""
    hosts = utm.hosts if not utm.channels or channel in utm.channels else ()
    given = {"source": utm.source, "medium": utm.medium or channel, "campaign": utm.campaign or campaign}
    return Tagger(hosts, {f"utm_{name}": value for name, value in given.items() if value}, untouched)
