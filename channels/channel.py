"""The promise of a channel: hand one message over, and say what is known of its fate."""

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from journeys.messages.render import Rendered


@dataclass(frozen=True)
class Outgoing:
    """One message to one recipient; `action_id` is the idempotency key where the provider honours one.

    `valid_ms` is how long from now it is worth anything, 0 for always; `unsubscribe` the URL by which one click ends
    such messages (RFC 8058), empty for none. `customer` is who it is about;
    `reference` what the provider repeats with what it tells of the message, empty for nothing.
    """

    action_id: str
    recipient: str
    rendered: Rendered
    sender: str
    class_: str = "marketing"
    valid_ms: int = 0
    unsubscribe: str = ""
    customer: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        """Halves of characters, which no provider can be told, become U+FFFD."""
        said = self.rendered
        try:
            for text in (said.subject, said.text, said.html, said.link, said.image, said.template, said.language,
                         self.action_id, self.recipient, self.sender, self.class_, self.unsubscribe, self.customer,
                         self.reference, *said.data, *said.data.values()):  # fmt: skip
                text.isascii() or text.encode()
        except UnicodeEncodeError:
            for name, value in vars(self).items():
                object.__setattr__(self, name, _whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Rendered):
        return replace(value, **{name: _whole(each) for name, each in vars(value).items()})
    return {_whole(key): _whole(each) for key, each in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class Sent:
    """The provider took it; `reference` is what the provider calls it, empty where it says nothing."""

    reference: str = ""


class Transient(Exception):
    """It did not leave and may be tried again, after `retry_after` seconds where the provider said so."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Silent(Transient):
    """The provider did not answer, and drops a second copy of what may have arrived."""


class Away(Transient):
    """The provider itself cannot be reached or is not taking anything: no fault of this message."""


class Declined(Transient):
    """The provider answers, and does not take this one message now: it is there for others."""


class Permanent(Exception):
    """It did not leave and never will as it is. `dead_address`: nor will anything else to this recipient."""

    def __init__(self, code: str, *, dead_address: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.dead_address = dead_address


class Unknown(Exception):
    """It may have left: the provider had all of it and did not answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(Protocol):
    """One way out. Calls may run side by side; a call ends within the channel's own time limits."""

    @property
    def name(self) -> str:
        """As journeys and topics call it: `email`."""
        ...

    @property
    def at_most_once(self) -> bool:
        """Whether the provider would deliver a repeated action id twice."""
        ...

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands over one message. Raises Transient or a kind of it, Permanent or Unknown, and nothing else."""
        ...

    async def close(self) -> None:
        """Gives connections back; no send may be under way."""
        ...


@runtime_checkable
class Keeper(Protocol):
    """A channel that keeps what it was given where we can take it away again."""

    async def forget(self, customer: str) -> None:
        """Takes away all that lies there of a customer who was erased. Raises Transient or Away."""
        ...
