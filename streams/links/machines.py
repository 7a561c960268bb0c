"""Machines told apart: who opens a mail or follows a link without any person behind it, by what a request says."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TypeVar

import msgspec

SOON_MS = 1_000
"""Nobody reads a message so soon after it was decided."""
_TOGETHER_MS = 1_000
_TRAPPED_MS = 60_000
_MOST = 10_000
V = TypeVar("V")


class Machines:
    """What a process remembers of who asked lately: links followed together, and who followed one that nobody sees.

    It is of this process alone: with several, a few machines more are taken for people.
    """

    def __init__(self) -> None:
        self._followed: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()
        self._trapped: OrderedDict[tuple[str, str], int] = OrderedDict()

    def why(self, method: str, headers: Mapping[str, str], decided_at: int, now: int) -> str:
        """Which machine asks, by its headers (lower case) and the time; empty for none that is known."""
        if method == "HEAD":
            return "head"
        purpose = headers.get("sec-purpose", "") + headers.get("purpose", "") + headers.get("x-purpose", "")
        if "prefetch" in purpose.lower() or "preview" in purpose.lower() or headers.get("x-moz", "") == "prefetch":
            return "prefetch"
        agent = headers.get("user-agent", "")
        if not agent:
            return "no-agent"
        if agent == _APPLE:
            return "apple-mail-privacy"
        found = _known().search(agent)
        if found is not None:
            return (found.lastgroup or "").replace("_", "-")
        return "too-soon" if now - decided_at < SOON_MS else ""

    def trap(self, action: str, who: str, now: int) -> None:
        """Somebody followed the link that nobody sees."""
        _put(self._trapped, (action, who), now)

    def followed(self, action: str, who: str, link: str, now: int) -> str:
        """Why who follows this link is a machine after all: the trap, or another link of the message at once."""
        if now - self._trapped.get((action, who), -_TRAPPED_MS) < _TRAPPED_MS:
            return "trap"
        at, other = self._followed.get((action, who), (-_TOGETHER_MS, link))
        _put(self._followed, (action, who), (now, link))
        return "together" if other != link and now - at < _TOGETHER_MS else ""


_APPLE = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself."""


def who(address: str, agent: str) -> str:
    """What stands for who asks, for as long as a process runs."""
    return sha256(f"{address} {agent}".encode("utf-8", "replace")).hexdigest()[:16]


@cache
def _known() -> re.Pattern[str]:
    found = msgspec.json.decode(
        files("streams.links").joinpath("machines.json").read_bytes(), type=dict[str, list[str]]
    )
    kinds = (f"(?P<{name.replace('-', '_')}>{'|'.join(map(re.escape, marks))})" for name, marks in found.items())
    return re.compile("|".join(kinds), re.IGNORECASE)


def _put(items: OrderedDict[tuple[str, str], V], key: tuple[str, str], value: V) -> None:
    items[key] = value
    items.move_to_end(key)
    if len(items) > _MOST:
        items.popitem(last=False)
