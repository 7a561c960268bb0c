"""Instants on the wire to milliseconds since the epoch, UTC: when a touchpoint happened and when it was received."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isfinite

from streams.touchpoints.record import LOG_APPEND_TIME, Record, RefusalError, shown

AHEAD_MS = 10 * 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NO_ZONE = datetime(1970, 1, 1)  # An instant without a zone is UTC, so both epochs are the same one.
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST_MS = (datetime.min - _EPOCH_NO_ZONE) // _MILLISECOND
_LONGEST_DATE_ALONE = len("2026-W10-1")


def received_ms(record: Record, clock: Callable[[], int]) -> int:
    """The broker's append time where the topic keeps one, else the smaller of the record's timestamp and `clock` (ms).

    A record without a timestamp (-1, of very old clients) is received now.
    """
    if record.timestamp_type == LOG_APPEND_TIME:
        return record.timestamp
    now = clock()
    return min(record.timestamp, now) if record.timestamp >= 0 else now


def instant_ms(found: str | int | float, field: str) -> int:
    """ISO 8601 text (UTC where it names no zone) or milliseconds since the epoch, from the year 1 on.

    Fractions of a millisecond are cut off. Raises RefusalError for all else; `field` is its subject.
    """
    if isinstance(found, str):
        return _of_text(found, field)
    if not isfinite(found) or found < _EARLIEST_MS:
        raise RefusalError("bad_instant", _wanted(found, field))
    return int(found // 1)


def _of_text(text: str, field: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _in_capitals(text, field)
    if len(text) > _LONGEST_DATE_ALONE and "T" not in text and " " not in text and "t" not in text:
        # fromisoformat takes any letter between date and time, and so reads a year out of a row of digits.
        raise RefusalError("bad_instant", _wanted(text, field))
    if moment.tzinfo is None:
        return (moment - _EPOCH_NO_ZONE) // _MILLISECOND
    at = (moment - _EPOCH) // _MILLISECOND
    if at < _EARLIEST_MS:
        raise RefusalError("bad_instant", _wanted(text, field))
    return at


def _in_capitals(text: str, field: str) -> datetime:
    """RFC 3339 allows small t and z, which fromisoformat does not read."""
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise RefusalError("bad_instant", _wanted(text, field)) from None


def _wanted(found: object, field: str) -> str:
    return (
        f"{field} is {shown(found)}, expected ISO 8601 such as 2026-03-02T18:00:00Z or milliseconds since 1970, "
        "from the year 1 on; send one of these, or leave it out for the instant of arrival"
    )


def iso(at: int, timespec: str = "milliseconds") -> str:
    """An instant (ms) in UTC: `2011-03-01T08:26:00.000Z`; `timespec` is that of `datetime.isoformat`."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
