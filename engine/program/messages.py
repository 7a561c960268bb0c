"""What the engine knows of a message."""

import msgspec

from journeys.messages.model import Message


class MessageSpec(msgspec.Struct, frozen=True):
    """Its content's hash, its class, and per channel the paths its templates name.

    `recipients` has those channels whose messages go to somebody else than the customer: the endpoint of a webhook.
    `languages` are those that it has beside the project's own.
    `content` is what a transcript of a conversation quotes, None where it does not.
    What it states is true from `since` until `until` (ms, 0 for always).
    A path is dotted and begins with `customer`, `entry`, `event` or `vars`; others are the renderer's own.
    """

    name: str
    hash: str
    class_: str
    variables: dict[str, tuple[str, ...]]
    recipients: dict[str, str] = {}
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    content: Message | None = None
    since: int = 0
    until: int = 0
