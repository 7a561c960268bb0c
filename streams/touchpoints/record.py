"""A record as Kafka gives it, and the two ways to say that it cannot be processed."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

MAX_VALUE_BYTES = 1 << 20
LOG_APPEND_TIME = 1
_SHOWN = 80


class Record(Protocol):
    """What the rooms read of a consumed record; aiokafka's ConsumerRecord fits. `timestamp` is in ms."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Rejected(msgspec.Struct, frozen=True):
    """Why a record cannot be processed: a code to count by (docs/events.md lists them) and a sentence for people."""

    code: str
    reason: str


class RefusalError(Exception):
    """Raised inside the rooms that read a value; the door turns it into a Rejected that names the record."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def origin(record: Record) -> str:
    """`topic/partition/offset`, which names a record for good."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def rejected(record: Record, refusal: RefusalError) -> Rejected:
    """The refusal of one record, with the record as its subject."""
    return Rejected(refusal.code, f"{origin(record)}: {refusal.reason}")


def shown(found: object) -> str:
    """A found value as an error message shows it: quoted, and cut where it is long."""
    text = found if isinstance(found, str) else repr(found)
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return repr(cut) if isinstance(found, str) else cut
