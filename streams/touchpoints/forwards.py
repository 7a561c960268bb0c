"""A touchpoint on its way to its customer's home partition, as a record of touchpoints.rekeyed."""

import msgspec

from engine.event import Event
from streams.broker.publish import Out
from streams.touchpoints.record import Record, RefusalError, Rejected, rejected
from streams.touchpoints.wire import DECODE_FAULTS


class Forward(msgspec.Struct, frozen=True):
    """An event found away from home: `source` and `seq` say who forwards it and in which place of its row.

    `origin` is the first record's (topic/partition/offset); the event carries that record's `received_at` and id.
    """

    source: str
    seq: int
    origin: str
    event: Event


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Forward).decode


def encode_forward(forward: Forward) -> Out:
    """JSON under the customer's id, for its home partition of touchpoints.rekeyed."""
    return Out(forward.event.customer.encode(), _encode(forward))


def decode_forward(record: Record) -> Forward | Rejected:
    """What `encode_forward` gave, else why it is not that. Never raises."""
    try:
        forward = _decode(record.value or b"")
    except DECODE_FAULTS as fault:
        return rejected(
            record, RefusalError("not_a_forward", f"the value is no forward of ours ({fault}); publish elsewhere")
        )
    if not forward.event.customer:
        return rejected(record, RefusalError("not_a_forward", "the forward's event has no customer; publish elsewhere"))
    return forward
