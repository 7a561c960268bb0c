"""A record as Kafka gives it, a batch that it cannot give, and the two ways to say that one cannot be processed."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

MAX_VALUE_BYTES = 1 << 20
LOG_APPEND_TIME = 1
REPLAYED_FROM = "replayed_from"
"""The header of a record that was dead and is put back: topic/partition/offset of where it first stood."""
_SHOWN = 80
_LONGEST_PLACE = 300


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
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Row(msgspec.Struct, gc=False):
    """A Record as our consumers give it, and as one is made by hand."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    timestamp_type: int = LOG_APPEND_TIME
    headers: Sequence[tuple[str, bytes | None]] = ()


class Rejected(msgspec.Struct, frozen=True):
    """Why a record cannot be processed: a code to count by (docs/events.md lists them) and a sentence for people."""

    code: str
    reason: str


class Damaged(msgspec.Struct, frozen=True):
    """A batch that cannot be unpacked, in the place of its records: a Record that has no value, at its last offset.

    Whoever decodes it refuses it for its empty value, and `rejected` then gives `code` and `reason`, so that no one
    asks of ordinary records whether they are one. `first` is the batch's first offset, `raw` the bytes that were
    served of it.
    """

    topic: str
    partition: int
    first: int
    offset: int
    timestamp: int
    raw: bytes | None
    code: str
    reason: str
    timestamp_type: int = LOG_APPEND_TIME
    key: None = None
    value: None = None
    headers: tuple[()] = ()


class RefusalError(Exception):
    """Raised inside the rooms that read a value; the door turns it into a Rejected that names the record."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def origin(record: Record) -> str:
    """`topic/partition/offset`, which names a record for good; of a damaged batch it is the first offset."""
    offset = record.first if isinstance(record, Damaged) else record.offset
    return f"{record.topic}/{record.partition}/{offset}"


def replayed_from(record: Record) -> str:
    """Where a record that was dead and is put back first stood; empty for all others."""
    found = next((raw for name, raw in record.headers if name == REPLAYED_FROM), b"") or b""
    return found.decode("utf-8", "replace") if len(found) <= _LONGEST_PLACE else ""


def rejected(record: Record, refusal: RefusalError) -> Rejected:
    """The refusal of one record, with the record as its subject; a damaged batch has its own reason."""
    if isinstance(record, Damaged):
        return Rejected(record.code, f"{origin(record)}: {record.reason}")
    return Rejected(refusal.code, f"{origin(record)}: {refusal.reason}")


def shown(found: object) -> str:
    """A found value as an error message shows it: quoted, and cut where it is long."""
    text = found if isinstance(found, str) else repr(found)
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return repr(cut) if isinstance(found, str) else cut
