"""A consumed record for tests of the decoder, with the defaults of a topic of ours."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.event import Event
from streams.touchpoints.decoder import Decoder, Rejected

NOW = 1_772_474_400_000
"""2026-03-02T18:00:00Z, when every record of these tests was appended."""
APPENDED, CREATED = 1, 0


@dataclass(frozen=True)
class Given:
    """What aiokafka's ConsumerRecord offers to the decoder."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = NOW
    timestamp_type: int = APPENDED
    topic: str = "acme.touchpoints.web"
    partition: int = 3
    offset: int = 42


def record(value: object, **more: Any) -> Given:
    """A record of `value`, encoded as JSON unless it is bytes or None."""
    raw = value if value is None or isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return Given(raw, **more)


def decoder(channel: str = "web", now: int = NOW) -> Decoder:
    """A decoder whose clock stands still."""
    return Decoder(f"acme.touchpoints.{channel}", channel, lambda: now)


def event(value: object, **more: Any) -> Event:
    """The event of a record that must be one."""
    found = decoder().decode(record(value, **more))
    assert isinstance(found, Event), found
    return found


def refused(value: object, **more: Any) -> Rejected:
    """The refusal of a record that must be refused, by name and not by accident."""
    found = decoder().decode(record(value, **more))
    assert isinstance(found, Rejected), found
    assert found.code != "decoder_fault", found
    assert found.reason.startswith("acme.touchpoints.web/3/42: "), found
    return found


def binary(data: object = None, **attributes: str) -> Given:
    """A CloudEvent in binary mode, with the required attributes unless they are given."""
    told = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "subject": "c1"} | attributes
    headers = [(f"ce_{name}", part.encode()) for name, part in told.items()]
    return record(data, headers=[*headers, ("content-type", b"application/json")])
