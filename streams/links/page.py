"""The pages behind links, as plain HTML without script: nothing of a person stands on any of them."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#222}"
    "button{font:inherit;padding:.5rem 1rem}th,td{text-align:left;padding:.3rem .8rem .3rem 0}"
)
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Server": "sillage",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Of every answer. A link is its own credential, so no referrer and no cache may keep it."""
ALL = "all"
"""The name of the field that answers for every row."""


def nothing() -> str:
    """What is there where nothing is: the same for a path that leads nowhere and for a token that was altered."""
    return _page("Nothing is here", "<p>The address is not complete, or not valid any more.</p>")


def ask(topic: str, channel: str) -> str:
    """The question before an unsubscribe, for people who followed the link."""
    what = f"<p>No more messages about <b>{escape(topic)}</b> by <b>{escape(channel)}</b>?</p>"
    button = '<p><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></p>'
    return _page("Unsubscribe", f'{what}<form method="post">{button}</form>')


def gone(topic: str, channel: str) -> str:
    """What stands there after an unsubscribe."""
    what = f"<p>You get no more messages about <b>{escape(topic)}</b> by <b>{escape(channel)}</b>.</p>"
    return _page("You are unsubscribed", what)


def choices(pairs: Iterable[tuple[str, str]]) -> str:
    """A row for each topic and channel; what holds now is not shown, since whoever has the link would read it."""
    head = "<tr><th>About<th>By<th>Yes<th>No<th>As it is</tr>"
    rows = "".join(_row(topic, channel) for topic, channel in pairs)
    table = f"<table>{head}{rows}</table>"
    save = '<p><button>Save</button></p><p><button name="all" value="no">No messages at all</button></p>'
    return _page("Your choices", f'<form method="post">{table}{save}</form>')


def kept(yes: int, no: int) -> str:
    """What stands there after choices were made."""
    told = f"<p>Yes to {yes}, no to {no}.</p>" if yes or no else "<p>Everything is as it was.</p>"
    return _page("Your choices are kept", told)


def later() -> str:
    """What stands there while an answer cannot be kept."""
    return _page("Please try again", "<p>Your answer could not be kept. Please try again in a minute.</p>")


def field(topic: str, channel: str) -> str:
    """The name of a row's field; neither a topic nor a channel has a slash."""
    return f"{topic}/{channel}"


def _row(topic: str, channel: str) -> str:
    name = escape(field(topic, channel))
    cells = "".join(
        f'<td><input type="radio" name="{name}" value="{value}" aria-label="{name}: {label}"{checked}>'
        for value, label, checked in (("yes", "yes", ""), ("no", "no", ""), ("", "as it is", " checked"))
    )
    return f"<tr><td>{escape(topic)}<td>{escape(channel)}{cells}</tr>"


def _page(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    inner = f"<head>{head}<style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body>"
    return f'<!doctype html><html lang="en">{inner}</html>'
