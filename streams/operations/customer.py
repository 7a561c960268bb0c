"""One customer's record as the changelog has it, by the rule of what counts, with where and how far it was read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from state.changelog import MARKER, Mark, Reading
from state.codec import decode, due_of, epoch_of
from state.record import Record
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.record import Row

OURS = MARKER[:1]
"""What the keys begin with that are no customer's."""


class Seen(msgspec.Struct):
    """What a partition of the changelog says of one customer; `record` is None where it says nothing.

    It was read from offset `first` up to, not including, `end`. `offset`, `written_at` (ms), `epoch` and `size` are
    those of the record that counts, `version` that of its bytes; `owner_epoch` is the partition's now, `stray` whether
    a record of a former owner, which does not count, lies after it.
    """

    topic: str
    partition: int
    first: int
    end: int
    owner_epoch: int
    record: Record | None = None
    offset: int = -1
    written_at: int = 0
    epoch: int = -1
    version: int = 0
    size: int = 0
    due_at: int = 0
    stray: bool = False


async def look_up(sweep: Sweep, settings: Settings, topics: Mapping[str, int], customer: str) -> Seen | None:
    """Reads the customer's home partition of `state` to its end now; None where there is no such topic.

    Raises CodecError where the record cannot be read.
    """
    topic, key = settings.topic("state"), customer.encode()
    if topic not in topics:
        return None
    spot = topic, home(customer, topics[topic])
    bounds = await sweep.bounds([spot])
    reading = Reading(Mark())
    last: Row | None = None
    async for _, rows in sweep.read(bounds):
        for row in rows:
            # What others wrote of other customers changes nothing of the answer.
            if (row.key == key or (row.key or b"")[:1] == OURS) and key in reading.take((row,)):
                last = row
    seen = Seen(*spot, *bounds[spot], reading.mark.marker)
    return seen if last is None else _filled(seen, last, stray=key in reading.mark.ignored)


def _filled(seen: Seen, row: Row, *, stray: bool) -> Seen:
    value = row.value or b""
    seen.record = decode(value)
    seen.offset, seen.written_at, seen.size = row.offset, row.timestamp, len(value)
    seen.epoch, seen.version, seen.due_at, seen.stray = epoch_of(value), value[0], due_of(value), stray
    return seen


def tree(found: Any) -> Any:
    """A value of the engine or of the record as JSON can hold it, its fields by name."""
    if isinstance(found, Record):
        return {name: tree(getattr(found, name)) for name in ("customer", "applied", "out_seq", "outbox")}
    if isinstance(found, msgspec.Struct):
        return {name: tree(getattr(found, name)) for name in found.__struct_fields__}
    if isinstance(found, dict):
        return {str(name): tree(value) for name, value in found.items()}
    if isinstance(found, list | tuple):
        return [tree(value) for value in found]
    if isinstance(found, bytes):
        return _content(found)
    return found


def _content(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "backslashreplace")
