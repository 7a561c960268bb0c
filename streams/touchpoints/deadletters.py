"""What cannot be processed, as a record for <topic>.dead: the raw bytes, where they came from, and why."""

from streams.broker.publish import Out
from streams.touchpoints.record import Damaged, Record, origin

MAX_RAW_BYTES = 16 << 20
MAX_BESIDE_BYTES = 1 << 19
_MAX_REASON_CHARACTERS = 2_000
ORIGINAL_HEADER = "original."


def dead_letter(record: Record, code: str, reason: str, attempts: int = 1) -> Out:
    """`record` as it was, under its origin, so that it can be put back.

    Headers: code, reason, attempts, timestamp (ms) and timestamp_type as decimals, key (left out where there was
    none), and each original header behind `original.`. What only fitted its topic compressed is cut, since a letter
    too large to be written would stop its partition for ever: a value to MAX_RAW_BYTES, with its true size in the
    header value_bytes; key and headers of over MAX_BESIDE_BYTES are left out, with their size in beside_bytes.
    A damaged batch is kept whole, with the headers first_offset and last_offset.
    """
    value = record.value
    headers = _why(code, reason, attempts)
    if isinstance(record, Damaged):
        value = record.raw
        headers += [("first_offset", b"%d" % record.first), ("last_offset", b"%d" % record.offset)]
    headers += [("timestamp", b"%d" % record.timestamp), ("timestamp_type", b"%d" % record.timestamp_type)]
    beside: list[tuple[str, bytes | None]] = [] if record.key is None else [("key", record.key)]
    beside += [(ORIGINAL_HEADER + name, content) for name, content in record.headers]
    beside_bytes = sum(len(name.encode()) + len(content or b"") for name, content in beside)
    headers += beside if beside_bytes <= MAX_BESIDE_BYTES else [("beside_bytes", b"%d" % beside_bytes)]
    if value is not None and len(value) > MAX_RAW_BYTES:
        headers.append(("value_bytes", b"%d" % len(value)))
        value = value[:MAX_RAW_BYTES]
    return Out(origin(record).encode(), value, headers)


def _why(code: str, reason: str, attempts: int) -> list[tuple[str, bytes | None]]:
    cut = reason[:_MAX_REASON_CHARACTERS]
    return [("code", code.encode()), ("reason", cut.encode("utf-8", "replace")), ("attempts", b"%d" % attempts)]
