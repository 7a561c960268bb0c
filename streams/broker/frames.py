"""The bytes of a fetch as Kafka frames them: where each batch begins and ends, and where that cannot be told.

Source: https://kafka.apache.org/documentation/#recordbatch. Base offset, length and magic are in the same place in all
formats, and no checksum covers them.
"""

import re
import struct
import zlib
from typing import NamedTuple

from aiokafka.record.util import calc_crc32c

_HEAD = struct.Struct(">qiib")
_BEFORE_LENGTH_ENDS = 12
_CHECKED_FROM = 16
_NEWEST_MAGIC, _LEAST = 2, 49
"""The format that all brokers write today, and its least length after the length field."""
_CLAIMS = struct.Struct(">i30xi")
_CLAIMS_AT, _NEWEST_AT = 23, 35
_MILLIS = struct.Struct(">q")
_CHECKSUM = struct.Struct(">I")
_unpack = _HEAD.unpack_from


class Frame(NamedTuple):
    """One batch: its place in the bytes, its base offset, and whether that can be believed."""

    begin: int
    end: int
    base: int
    sound: bool


def sound_bytes(data: bytes, highwater: int) -> tuple[int, bool]:
    """How many bytes from the start are whole frames that can be believed, their offsets rising to `highwater`.

    And whether all that follows is the beginning of another one, cut off by the size of the fetch.
    """
    at, previous, size = 0, -1, len(data)
    while size - at >= _HEAD.size:
        base, length, checksum, magic = _unpack(data, at)
        end = at + _BEFORE_LENGTH_ENDS + length
        known = length >= _LEAST if magic == _NEWEST_MAGIC else _old(data, at, end, magic, checksum)
        if not (known and previous < base < highwater):
            return at, False
        if end > size:
            break
        at, previous = end, base
    return at, at > 0


def frames(data: bytes, highwater: int) -> list[Frame]:
    """The frames of `data`. One that is not sound ends where a sound one begins, by its length or by a search, else
    with the data.
    """
    found: list[Frame] = []
    at, previous, size = 0, -1, len(data)
    while at < size:
        frame = _frame(data, at, previous, highwater)
        followed = _frame(data, frame.end, max(previous, frame.base), highwater).sound
        if frame.sound and not followed and frame.end < size and not _holds(data, frame):
            # Its length is what is damaged, or hides what is.
            frame = frame._replace(sound=False)
        if frame.sound:
            previous = frame.base
        elif not followed:
            frame = frame._replace(end=_search(data, at + 1, previous, highwater))
        found.append(frame)
        at = frame.end
    return found


def _frame(data: bytes, at: int, previous: int, highwater: int) -> Frame:
    """The frame at a place, of a base offset behind `previous`; the end of one that is not sound is never before it."""
    if len(data) - at < _HEAD.size:
        return Frame(at, len(data), -1, False)
    base, length, checksum, magic = _unpack(data, at)
    end = at + _BEFORE_LENGTH_ENDS + length
    known = length >= _LEAST if magic == _NEWEST_MAGIC else _old(data, at, end, magic, checksum)
    if known and previous < base < highwater and end <= len(data):
        return Frame(at, end, base, True)
    return Frame(at, min(max(end, at + _HEAD.size), len(data)), -1, False)


def _search(data: bytes, at: int, previous: int, highwater: int) -> int:
    """Where the next sound frame begins whose checksum holds, the end of the data where there is none."""
    low, high = previous + 1, max(0, highwater - 1)
    same = low.to_bytes(8, "big")[: 8 - ((low ^ high).bit_length() + 7) // 8]
    looks_like_one = re.compile(b"(?=%b.{%d}\\x02)" % (re.escape(same), _HEAD.size - 1 - len(same)), re.DOTALL)
    for found in looks_like_one.finditer(data, at):
        frame = _frame(data, found.start(), previous, highwater)
        if frame.sound and _holds(data, frame):
            return frame.begin
    return len(data)


def _holds(data: bytes, frame: Frame) -> bool:
    """Whether the checksum of a sound frame holds."""
    if data[frame.begin + _HEAD.size - 1] != _NEWEST_MAGIC:
        return True
    (checksum,) = _CHECKSUM.unpack_from(data, frame.begin + _HEAD.size)
    return bool(calc_crc32c(data[frame.begin + _HEAD.size + _CHECKSUM.size : frame.end]) == checksum)


def _old(data: bytes, at: int, end: int, magic: int, checksum: int) -> bool:
    """Whether a frame is one of the formats that brokers wrote before Kafka 0.11.

    By its checksum: aiokafka would read a newer one, whose magic byte is damaged, now in this format and now in that.
    """
    return 0 <= magic < _NEWEST_MAGIC and zlib.crc32(data[at + _CHECKED_FROM : end]) == checksum & 0xFFFFFFFF


def claimed_last(data: bytes, frame: Frame) -> int | None:
    """The last offset that a batch itself names, None where its two fields for that contradict each other."""
    if data[frame.begin + _HEAD.size - 1] != _NEWEST_MAGIC:
        return None
    delta, count = _CLAIMS.unpack_from(data, frame.begin + _CLAIMS_AT)
    return frame.base + delta if delta >= 0 and count == delta + 1 else None


def claimed_millis(data: bytes, frame: Frame, now_ms: int) -> int:
    """The append time that a batch names, 0 where it cannot be: one ahead of now would keep it waiting."""
    if not frame.sound or data[frame.begin + _HEAD.size - 1] != _NEWEST_MAGIC:
        return 0
    (millis,) = _MILLIS.unpack_from(data, frame.begin + _NEWEST_AT)
    return millis if 0 <= millis <= now_ms else 0
