"""An answer: what became of a call, and how that returns as a touchpoint on its customer's home partition."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from engine.decision import Call
from streams.broker.publish import Out
from streams.dispatch.receipts import Receipt
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.record import RefusalError
from streams.touchpoints.soundness import MAX_DEPTH, refuse_unsound
from streams.touchpoints.wire import DECODE_FAULTS, Touchpoint, encode_touchpoint

LARGEST_BODY = 64 << 10
DEEPEST_BODY = 32
"""Bytes of a body, and its levels, up to which it is an answer."""

DONE = "done"
LATE = "late"
SERVICE_AWAY = "service_away"
UNKNOWN_SERVICE = "unknown_service"
ERASED = "erased"
CHANNEL = "service"
_WHY: dict[str, str] = {
    LATE: "its time was over before the service could be asked",
    SERVICE_AWAY: "the service has failed again and again, and is not asked for now",
    ERASED: "the customer was erased",
    UNKNOWN_SERVICE: "project.yaml of the release in use names no such service",
}
_WHY_CHARACTERS = 500


class Answer(NamedTuple):
    """What a service said, or why it said nothing that counts: `code` is `done`, or one of docs/calls.md.

    `again` asks for another try, after at least `after` seconds; `healthy` tells the breaker of the service, None
    where nothing can be told.
    """

    code: str
    status: int = 0
    body: Any = None
    why: str = ""
    again: bool = False
    after: float = 0.0
    healthy: bool | None = True


def refused(code: str) -> Answer:
    """The answer to a call that was not made."""
    return Answer(code, why=_WHY[code], healthy=None)


def read_body(status: int, body: bytes) -> Answer:
    """The answer of a body that is sound JSON; an empty one is null."""
    try:
        found = msgspec.json.decode(body) if body.strip() else None
        refuse_unsound(found, (None, "the body"), MAX_DEPTH - DEEPEST_BODY)
    except RecursionError:
        return Answer("too_deep", status, why=f"the body lies more than {DEEPEST_BODY} levels deep")
    except RefusalError as fault:
        if fault.code == "too_deep":
            return Answer("too_deep", status, why=f"the body lies more than {DEEPEST_BODY} levels deep")
        return Answer("not_json", status, why=fault.reason)
    except DECODE_FAULTS as fault:
        return Answer("not_json", status, why=f"the body is not JSON in UTF-8: {fault}")
    return Answer(DONE, status, found)


def answered(
    call: Call, answer: Answer, at: int, settings: Settings, headers: Sequence[tuple[str, bytes | None]]
) -> Receipt:
    """The touchpoint of an answer, told at `at` (ms). Its id is of the call alone: only the first that comes counts."""
    properties: dict[str, Any] = {"call_id": call.id, "service": call.service}
    if answer.status:
        properties["status"] = answer.status
    if answer.code == DONE:
        properties["body"] = answer.body
    else:
        properties |= {"code": answer.code, "why": answer.why[:_WHY_CHARACTERS]}
    touchpoint = Touchpoint(
        "call.done" if answer.code == DONE else "call.failed",
        call.customer,
        id=hashlib.sha256(f"{call.id}\nanswer".encode()).hexdigest()[:32],
        channel=CHANNEL,
        occurred_at=call.decided_at if settings.clock == "event" else at,
        properties=properties,
    )
    topic = settings.topic(f"touchpoints.{settings.channel_names()[0]}")
    out = encode_touchpoint(touchpoint)
    return Receipt(topic, home(call.customer, settings.partitions), Out(out.key, out.value, headers))
