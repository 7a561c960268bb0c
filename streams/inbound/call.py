"""A provider's call as a value, and what every way of signing one has in common."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

STALE_SECONDS = 300
"""How far the instant that a signature covers may lie from now, to either side."""
_sorted = msgspec.json.Encoder(order="sorted").encode


class Call(NamedTuple):
    """What was asked: `url` as the world sees it, header names in lower case, the body as it came, `now` in ms."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now: int


class Refused(Exception):
    """It is not signed by whom it says, is older than it may be, or comes again as another: the code that is counted.

    The caller hears 401.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Garbled(Exception):
    """It is signed, and is not what the provider documents. The caller hears 400."""


def same(given: str, wanted: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def refuse_stale(seconds: str, now: int, oldest: int = STALE_SECONDS) -> None:
    """Raises Refused where an instant, in seconds since 1970, is none or too far from `now` (ms)."""
    if not seconds.isdecimal() or len(seconds) > 12 or not -STALE_SECONDS <= now // 1000 - int(seconds) <= oldest:
        raise Refused("stale")


def hex_hmac(secret: str, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def digest(value: Any) -> str:
    """What stands for a value of JSON, in whatever order its names are written. Raises Garbled."""
    try:
        return hashlib.sha256(_sorted(value)).hexdigest()[:32]
    except RecursionError as fault:
        raise Garbled("the body is too deep") from fault


def tree(body: bytes) -> Any:
    """The JSON of a body. Raises Garbled."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
        raise Garbled("the body is no JSON") from fault


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path of names and of places in lists, None for nothing."""
    for part in path.split(".") if path else ():
        if isinstance(value, list) and part.isdecimal() and len(part) < 5:
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def text(value: Any, path: str = "", longest: int = 4000) -> str:
    """The text or number there, cut to so many characters; empty for anything else."""
    found = at(value, path)
    known = isinstance(found, str | int | float) and not isinstance(found, bool)
    return str(found).replace("\0", "").encode("utf-8", "replace").decode()[:longest] if known else ""


def ms_of(seconds: str, now: int) -> int:
    """Seconds since 1970, whole or with a fraction, as ms; now for anything else, or what is still to come."""
    try:
        found = int(float(seconds) * 1000)
    except (ValueError, OverflowError):
        return now
    return found if 0 < found <= now else now
