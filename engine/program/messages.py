"""What the engine knows of a message."""

import msgspec


class MessageSpec(msgspec.Struct, frozen=True):
    """Its content's hash, its class, and per channel the paths its templates name.

    `recipients` has those channels whose messages go to somebody else than the customer: the endpoint of a webhook.
    `languages` are those that it has beside the project's own.
    A path is dotted and begins with `customer`, `entry`, `event` or `vars`; others are the renderer's own.
    """

    name: str
    hash: str
    class_: str
    variables: dict[str, tuple[str, ...]]
    recipients: dict[str, str] = {}
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
