"""The door: bytes of a record to one canonical event, or the reason why not."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from engine.event import Event, Place
from streams.touchpoints.cloudevents import from_headers, structured
from streams.touchpoints.deadletters import dead_letter
from streams.touchpoints.forwards import Forward, decode_forward, encode_forward
from streams.touchpoints.home import home
from streams.touchpoints.ids import EVERYONE, SURELY_SHORT, Id, id_text, key_text, named_by
from streams.touchpoints.instants import AHEAD_MS, instant_ms, received_ms
from streams.touchpoints.record import (
    LOG_APPEND_TIME,
    MAX_VALUE_BYTES,
    Record,
    RefusalError,
    Rejected,
    rejected,
    replayed_from,
)
from streams.touchpoints.reserved import CLOCK, MODELS, STOP, refuse_unaddressed, settled
from streams.touchpoints.soundness import may_hold_nul, refuse_unsound
from streams.touchpoints.wire import (
    DECODE_FAULTS,
    Fix,
    Read,
    Touchpoint,
    Usual,
    decode_usual,
    encode_touchpoint,
    read_tree,
    split,
)

__all__ = [
    "TICKS",
    "Counts",
    "Decoder",
    "Fix",
    "Forward",
    "Record",
    "Rejected",
    "Touchpoint",
    "dead_letter",
    "decode_forward",
    "encode_forward",
    "encode_touchpoint",
    "home",
]

TICKS = "ticks"


class Counts(msgspec.Struct):
    """What a decoder let pass though not as wished: events, but for `extras` fields and `numbers_as_ids` ids."""

    no_id: int = 0
    clamped_future: int = 0
    extras: int = 0
    numbers_as_ids: int = 0
    named_by_key: int = 0
    named_by_identifier: int = 0


class Decoder:
    """Decodes the records of one topic: plain JSON and CloudEvents 1.0, as docs/events.md describes them.

    `channel` is what the topic's name says, for events that do not say theirs; `clock` gives the present instant in ms
    and is asked only where the topic does not keep append times. On the channel `ticks` a `sillage.clock` needs no
    customer, and the instant that it tells is its `occurred_at`.
    """

    def __init__(self, topic: str, channel: str, clock: Callable[[], int]) -> None:
        self.counts = Counts()
        self._topic = topic
        self._channel = channel
        self._clock = clock

    def decode(self, record: Record) -> Event | Rejected:
        """The event of a record, or why it is none. Never raises."""
        try:
            value = record.value
            # The look for a backslash stands here too: a call for every event costs more than all that it finds.
            if (
                value
                and not record.headers
                and len(value) <= MAX_VALUE_BYTES
                and not (b"\\" in value and may_hold_nul(value))
            ):
                try:
                    wire = decode_usual(value)
                except DECODE_FAULTS:
                    pass  # The second look says what is wrong, if anything is.
                else:
                    return self._plain(record, wire) or self._settle(record, (wire, {}, None))
            return self._settle(record, _read(record))
        except RefusalError as refusal:
            return rejected(record, refusal)
        except Exception as fault:
            # A record that breaks the decoder would otherwise stop its partition for ever.
            return rejected(
                record, RefusalError("decoder_fault", f"the decoder failed with {fault!r}; report it with the value")
            )

    def _plain(self, record: Record, wire: Touchpoint) -> Event | None:
        """The event of most records, at half the price; None where the long way is to be gone."""
        customer, id_, at, type_ = wire.customer, wire.id, wire.occurred_at, wire.type
        if (
            type(customer) is not str
            or not 0 < len(customer) <= SURELY_SHORT
            or type(id_) is not str
            or not 0 < len(id_) <= SURELY_SHORT
            or at is None
            or wire.identifiers is not None
            or wire.place is not None
            or type_ in MODELS
            or customer == EVERYONE
        ):
            return None
        received_at = record.timestamp if record.timestamp_type == LOG_APPEND_TIME else received_ms(record, self._clock)
        occurred_at = at if type(at) is int and at >= 0 else instant_ms(at, "occurred_at")
        if occurred_at > received_at + AHEAD_MS:
            self.counts.clamped_future += 1
            occurred_at = received_at
        channel = wire.channel or self._channel
        return Event(id_, type_, customer, channel, occurred_at, received_at, wire.properties or {}, {})

    def _settle(self, record: Record, read: Read) -> Event:
        wire, extras, brand = read
        properties = wire.properties or {}
        if wire.type in MODELS:
            properties = settled(wire, properties)
        identifiers = self._identifiers(wire.identifiers) if wire.identifiers else {}
        customer = self._customer(record, wire, identifiers)
        if customer == EVERYONE or wire.type == STOP:
            refuse_unaddressed(wire.type, customer, identifiers, len(record.value or b""))
        first = replayed_from(record) if wire.id is None and record.headers else ""
        named = wire.id is not None or first != ""
        place = first or f"{self._topic}/{record.partition}/{record.offset}"
        event_id = place if wire.id is None else self._id(wire.id, "id")
        received_at = received_ms(record, self._clock)
        occurred_at, timed = self._occurred(wire, properties, received_at)
        if not named:
            self.counts.no_id += 1
        if extras:
            self.counts.extras += len(extras)
        channel = wire.channel or self._channel
        return Event(
            event_id, wire.type, customer, channel, occurred_at, received_at,
            properties, identifiers, _place(wire.place), brand, extras, timed, named,
        )  # fmt: skip

    def _id(self, found: Id, field: str) -> str:
        text = id_text(found, field)
        if text is not found:
            self.counts.numbers_as_ids += 1
        return text

    def _identifiers(self, found: Mapping[str, Id]) -> dict[str, str]:
        return {
            id_text(kind, "a kind of identifier"): self._id(value, f"identifiers.{kind}")
            for kind, value in found.items()
        }

    def _customer(self, record: Record, wire: Touchpoint, identifiers: Mapping[str, str]) -> str:
        """The payload beats the record key: its customer, then its identifiers; a key alone is the customer."""
        if wire.customer is not None:
            return self._id(wire.customer, "customer")
        customer = named_by(identifiers)
        if customer is not None:
            self.counts.named_by_identifier += 1
            return customer
        customer = key_text(record.key)
        if customer is not None:
            self.counts.named_by_key += 1
            return customer
        if wire.type == CLOCK and self._channel == TICKS:
            return ""
        raise RefusalError(
            "no_customer",
            "nobody is named: expected customer, or identifiers with one of loyalty, email, phone, device, cookie, "
            "or a record key; send one of them",
        )

    def _occurred(self, wire: Touchpoint, properties: Mapping[str, Any], received_at: int) -> tuple[int, bool]:
        """When it happened, and whether the sender said so. What lies too far ahead is set back to its arrival."""
        if wire.type == CLOCK and self._channel == TICKS:
            return properties["at"], True
        if wire.occurred_at is None:
            return received_at, False
        occurred_at = instant_ms(wire.occurred_at, "occurred_at")
        if occurred_at > received_at + AHEAD_MS:
            self.counts.clamped_future += 1
            return received_at, True
        return occurred_at, True


def _read(record: Record) -> Read:
    """A second look, for unknown fields, CloudEvents and faults."""
    value = record.value
    if value is not None and len(value) > MAX_VALUE_BYTES:
        reason = f"the value has {len(value)} bytes, expected at most {MAX_VALUE_BYTES}; send a reference instead"
        raise RefusalError("too_large", reason)
    read = from_headers(record.headers, value) if record.headers else None
    if read is None:
        if not value:
            raise RefusalError(
                "empty", "the record has no value, expected one JSON object; send the event as the value"
            )
        tree = read_tree(value)
        read = split(tree) if tree.get("specversion") is None else structured(tree)
    _refuse_unsound(read, nul=value is not None and may_hold_nul(value))
    return read


def _refuse_unsound(read: Read, nul: bool) -> None:
    """Walks what the types did not see to: unknown fields, unusual properties, and all texts where one may hold a NUL.

    Ids may be integers of any size, since they become text; nothing else may.
    """
    wire, extras, brand = read
    if extras:
        refuse_unsound(extras, (None, "the value"))
    if nul or not isinstance(wire, Usual):
        refuse_unsound(wire.properties, (None, "properties"), depth=1)
    if nul:
        texts = (wire.type, wire.customer, wire.id, wire.channel, brand, wire.identifiers)
        for name, found in zip(("type", "customer", "id", "channel", "brand", "identifiers"), texts, strict=True):
            refuse_unsound(_texts(found), (None, name))


def _texts(found: Any) -> Any:
    if isinstance(found, dict):
        return [text for pair in found.items() for text in pair if isinstance(text, str)]
    return found if isinstance(found, str) else ""


def _place(found: Fix | None) -> Place | None:
    return None if found is None else Place(found.lat, found.lon, found.accuracy_m)
