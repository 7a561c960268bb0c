"""The bytes of a stored record: a head that is read without the rest, and a compact body.

The head holds the version, whether the outbox holds anything, the epoch that the record was written in, and the instant
(ms) at which its next timer is due, 0 for none: a take-over needs no more of most records.

Fields are only appended. What a newer version appended to the record or to the customer is kept and written back, so
that a rolling upgrade can be rolled back; a change of any other shape needs a new version, upgraded here and nowhere
else.
"""

import struct
from typing import Any

import msgspec

from engine.customer import Customer
from state.record import Entry, Record
from state.walks import Walks

VERSION = 2
_HEAD = struct.Struct(">B?QQ")
_EPOCH = struct.Struct(">Q")
_FIELDS = 4
"""Fields of most records; a fifth, the walks, is written only where there are some."""
_CUSTOMER_FIELDS = len(Customer.__struct_fields__)

_Body = tuple[Customer | None, dict[str, int], int, list[Entry]]
_encode = msgspec.msgpack.Encoder().encode
_decode_body = msgspec.msgpack.Decoder(_Body).decode
_decode_raws = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_customer = msgspec.msgpack.Decoder(Customer | None).decode
_decode_applied = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_int = msgspec.msgpack.Decoder(int).decode
_decode_outbox = msgspec.msgpack.Decoder(list[Entry]).decode
_decode_walks = msgspec.msgpack.Decoder(Walks | None).decode


class CodecError(Exception):
    """Stored bytes that cannot be read. The message gives what was found, what is read here, and the cure."""


def encode(record: Record, epoch: int) -> bytes:
    """The stored form of `record`, written in `epoch`."""
    body: Any = (record.customer, record.applied, record.out_seq, record.outbox)
    if record.tail:
        body = _with_tails(record)
    elif record.walks is not None:
        body = (*body, record.walks)
    return _HEAD.pack(VERSION, bool(record.outbox), epoch, record.due_at) + _encode(body)


def epoch_of(value: bytes) -> int:
    """The epoch named by stored bytes, without decoding the rest. Raises CodecError."""
    try:
        epoch: int = _EPOCH.unpack_from(value, 2)[0]
    except struct.error as fault:
        raise _too_short(value) from fault
    return epoch


def due_of(value: bytes) -> int:
    """When the next timer of stored bytes is due (ms), 0 for none, without decoding the rest. Raises CodecError."""
    try:
        due_at: int = _EPOCH.unpack_from(value, 10)[0]
    except struct.error as fault:
        raise _too_short(value) from fault
    return due_at


def speaks(value: bytes) -> bool:
    """Whether the outbox of stored bytes holds anything, without decoding the rest."""
    return value[1] != 0


def decode(value: bytes) -> Record:
    """The record that `encode` wrote, by this version or one that only appended fields. Raises CodecError."""
    if len(value) < _HEAD.size:
        raise _too_short(value)
    if value[0] != VERSION:
        raise CodecError(
            f"state record: stored version {value[0]}, this program reads {VERSION}; start the program that wrote it"
        )
    body = value[_HEAD.size :]
    try:
        if _length(body) == _FIELDS and (body[1] == 0xC0 or _length(body[1:]) <= _CUSTOMER_FIELDS):
            customer, applied, out_seq, outbox = _decode_body(body)
            record = Record(customer, applied, out_seq, outbox)
        else:
            record = _decode_longer(body)
    except (msgspec.DecodeError, IndexError) as fault:
        raise CodecError(f"state record: {fault}; the changelog is damaged or written by another program") from fault
    record.size = len(value)
    record.due_at = due_of(value)
    return record


def _too_short(value: bytes) -> CodecError:
    return CodecError(f"state record: {len(value)} bytes, expected at least {_HEAD.size}; the changelog is damaged")


def _length(packed: bytes) -> int:
    """The number of elements of the msgpack array that `packed` begins with."""
    head = packed[0]
    if head & 0xF0 == 0x90:
        return head & 0x0F
    if head == 0xDC:
        return int.from_bytes(packed[1:3], "big")
    raise CodecError("state record: not an array; the changelog is damaged or written by another program")


def _decode_longer(body: bytes) -> Record:
    """Reads a record to which a newer version appended fields; they are kept in `tail`, those of the customer first."""
    parts = _decode_raws(body)
    packed = bytes(parts[0])
    extra: list[msgspec.Raw] = [] if packed == b"\xc0" else _decode_raws(packed)[_CUSTOMER_FIELDS:]
    beyond = [part.copy() for part in parts[_FIELDS + 1 :]]
    return Record(
        _decode_customer(packed),
        _decode_applied(parts[1]),
        _decode_int(parts[2]),
        _decode_outbox(parts[3]),
        (msgspec.Raw(_encode(extra)), *beyond) if extra or beyond else (),
        _decode_walks(parts[_FIELDS]) if len(parts) > _FIELDS else None,
    )


def _with_tails(record: Record) -> list[Any]:
    extra = _decode_raws(record.tail[0])
    customer: Any = record.customer
    # Of a person who was erased nothing is kept, also not what only a newer version knows.
    if extra and customer is not None and not customer.erased_at:
        customer = [*_decode_raws(_encode(customer)), *extra]
    fields = [customer, record.applied, record.out_seq, record.outbox]
    beyond = record.tail[1:]
    return [*fields, record.walks, *beyond] if beyond or record.walks is not None else fields
