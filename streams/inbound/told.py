"""What a provider told, in the words of the house whichever provider it was, and the promise of a provider."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from streams.inbound.call import Call

DELIVERED, BOUNCED, FAILED = "message.delivered", "message.bounced", "message.failed"
OPENED, CLICKED, FETCHED = "message.opened", "message.clicked", "message.fetched"
COMPLAINED, REPLIED, UNSUBSCRIBED = "message.complained", "message.replied", "unsubscribed"
"""All are types of touchpoints but `unsubscribed`, which becomes `consent.changed`."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets what stands at an https address. Raises OSError, TimeoutError."""


@dataclass(frozen=True)
class Told:
    """One thing that happened. `event` is the provider's name of it, `at` in ms.

    `reference` is what we gave the message on its way; `address` the person's number or address, for who wrote first.
    `customer` and `action` are there where the caller knows both by itself.
    """

    type: str
    event: str
    at: int
    reference: str = ""
    channel: str = ""
    address: str = ""
    text: str = ""
    customer: str = ""
    action: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


class Once(NamedTuple):
    """A word of one use, which proves a call and not what it says: for so many seconds it stands for this alone."""

    word: str
    said: str
    seconds: int


@dataclass(frozen=True)
class Heard:
    """What a call holds, and what is answered once that is kept; `once` is to be looked up before."""

    told: tuple[Told, ...] = ()
    answer: str = ""
    kind: str = "text/plain"
    once: Once | None = None


class Provider(Protocol):
    """Who calls: proves that it was them, and reads what they say."""

    @property
    def fault(self) -> str:
        """What is wrong with what the file says of it, empty for nothing."""
        ...

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        """What it tells. Raises Refused, Garbled; OSError and TimeoutError where a certificate cannot be fetched."""
        ...
