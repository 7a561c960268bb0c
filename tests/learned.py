"""What a learner reads, made by hand: decisions that sent offers, and receipts of what became of them."""

import json
from typing import Any

import msgspec

from engine.decision import Line, Trace
from streams.touchpoints.record import Row

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_772_000_000_000


def decision(number: int, at: int, *lines: Line, context: dict[str, Any] | None = None) -> Row:
    value = msgspec.json.encode(Trace(f"t{number}", "ada", at, 1, {"timer": at}, list(lines), context or {}))
    return Row("p.decisions", 0, number, at, b"ada", value)


def sent(action: str, offer: str = "shoes", channel: str = "email", **data: str) -> Line:
    told = {"action": action, "message": "sale", "channel": channel, **data} | ({"offer": offer} if offer else {})
    return Line("sent", "sale", f"e-{action}", "best", data=told)


def receipt(type_: str, action: str, at: int, appended_at: int = 0) -> Row:
    value = {
        "id": f"{type_} {action} {at}", "type": type_, "customer": "ada", "occurred_at": at,
        "properties": {"action_id": action},
    }  # fmt: skip
    return Row("p.touchpoints.email", 0, 0, appended_at or at, b"ada", json.dumps(value).encode())
