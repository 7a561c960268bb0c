"""Receipts: what became of an action, as a touchpoint on its customer's home partition (docs/events.md)."""

import hashlib
from typing import NamedTuple

import msgspec

from engine.decision import Action
from state.ledger import DEAD_ADDRESS, Entry, Status
from streams.broker.publish import Out
from streams.settings import Settings
from streams.touchpoints.home import home

_TYPES = {
    Status.SENT: "message.sent",
    Status.FAILED: "message.failed",
    Status.UNRESOLVED: "message.failed",
    Status.REFUSED: "action.refused",
}
_encode = msgspec.json.Encoder().encode


class Receipt(NamedTuple):
    """One touchpoint and where it goes: full topic name, partition."""

    topic: str
    partition: int
    out: Out


def receipt_of(action: Action, entry: Entry, settings: Settings) -> Receipt:
    """The receipt of a settled entry. It follows from its arguments alone: published again, it is the same."""
    kind = _TYPES[entry.status]
    code, dead_address = ("unresolved", False) if entry.status is Status.UNRESOLVED else code_of(entry)
    properties: dict[str, str | int] = {
        "action_id": action.id,
        "message": action.message,
        "journey": action.journey,
        "step": action.step,
    }
    if entry.status is not Status.SENT:
        properties["code"] = code
        if dead_address:
            properties["dead_address"] = action.recipient
    elif entry.segments:
        properties["segments"] = entry.segments
    value = {
        "id": hashlib.sha256(f"{action.id}\n{kind}".encode()).hexdigest()[:32],
        "type": kind,
        "customer": action.customer,
        "channel": action.channel,
        "occurred_at": action.decided_at if settings.clock == "event" else entry.at,
        "properties": properties,
    }
    channels = settings.channel_names()
    channel = action.channel if action.channel in channels else channels[0]
    return Receipt(
        settings.topic(f"touchpoints.{channel}"),
        home(action.customer, settings.partitions),
        Out(action.customer.encode(), _encode(value)),
    )


def code_of(entry: Entry) -> tuple[str, bool]:
    """The code of an entry, and whether its address is dead."""
    return entry.code.removesuffix(DEAD_ADDRESS), entry.code.endswith(DEAD_ADDRESS)
