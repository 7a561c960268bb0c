"""The reserved event types of docs/events.md, declared by us: what a folder need not say, and may add to."""

from journeys.schemas.schema import ANY, Schema, object_of

_TEXT = Schema(frozenset({"string"}))
_YES = Schema(frozenset({"boolean"}))
_NAMED = object_of({}, extra=ANY)
_TEXTS = Schema(frozenset({"array"}), items=_TEXT)
_RECEIPT = object_of({"action_id": _TEXT, "message": _TEXT, "journey": _TEXT, "step": _TEXT}, ["action_id"])
_FAILED = object_of({**_RECEIPT.properties, "code": _TEXT}, ["action_id"])
_DEAD = object_of({**_FAILED.properties, "dead_address": _TEXT}, ["action_id"])
_TASK = object_of({"task_id": _TEXT, "outcome": _TEXT, "note": _TEXT}, ["task_id"])
_CALL = {"call_id": _TEXT, "service": _TEXT, "status": Schema(frozenset({"integer"}))}
_WHOLE = Schema(frozenset({"integer"}))
_DUE = {"journey": _TEXT, "trigger": _WHOLE, "due": _WHOLE}
_AT_PLACE = {"place": _TEXT, "kind": _TEXT, "name": _TEXT, "since": _WHOLE, "for": _TEXT, "fixes": _TEXT}
_NUMBER = Schema(frozenset({"number"}))
_PLACE = object_of({"lat": _NUMBER, "lon": _NUMBER, "accuracy_m": _NUMBER, "age_s": Schema(frozenset({"integer"}))})

RESERVED: dict[str, Schema] = {
    "customer.updated": object_of({"set": _NAMED, "unset": _TEXTS}),
    "consent.changed": object_of(
        {"topic": _TEXT, "channel": _TEXT, "given": _YES, "source": _TEXT, "text_version": _TEXT},
        ["topic", "channel", "given"],
    ),
    "position.reported": object_of({}),
    "identity.linked": object_of({"identifiers": _NAMED}),
    "customer.erased": object_of({}),
    "action.refused": object_of(_FAILED.properties, ["action_id", "code"]),
    "message.sent": object_of({**_RECEIPT.properties, "segments": _WHOLE}, ["action_id"]),
    **{f"message.{what}": _RECEIPT for what in ("delivered", "opened", "clicked", "dismissed")},
    "message.replied": object_of({**_RECEIPT.properties, "text": _TEXT, "from": _TEXT, "word": _TEXT}),
    "task.replied": object_of({"task_id": _TEXT, "text": _TEXT}, ["task_id", "text"]),
    "message.fetched": object_of(
        {**_RECEIPT.properties, "machine": _YES, "what": _TEXT, "why": _TEXT, "link": _TEXT}, ["action_id"]
    ),
    "message.complained": _FAILED,
    **{f"message.{what}": _DEAD for what in ("bounced", "failed")},
    **{f"task.{what}": _TASK for what in ("done", "no_answer", "expired")},
    "call.done": object_of({**_CALL, "body": ANY}, ["call_id"]),
    "call.failed": object_of({**_CALL, "code": _TEXT, "why": _TEXT}, ["call_id", "code"]),
    "journey.start": object_of({"journey": _TEXT}, ["journey"], ANY),
    **{f"segment.{what}": object_of({"segment": _TEXT}, ["segment"]) for what in ("entered", "left")},
    **{f"place.{what}": object_of(_AT_PLACE, ["place", "kind"]) for what in ("entered", "left", "stayed")},
    "date.reached": object_of(_DUE, ["journey", "trigger", "due"]),
    "absence.noticed": object_of({**_DUE, "type": _TEXT, "last_at": _WHOLE}, ["journey", "trigger", "due", "type"]),
    "schedule.due": object_of(_DUE, ["journey", "trigger", "due"]),
    "release.reached": object_of({"release": _WHOLE}, ["release"]),
    "fanout.stop": object_of({"id": _TEXT}, ["id"]),
    "sillage.clock": object_of({"at": ANY}, ["at"]),
}
"""By type; a test holds it against what the decoder checks."""

CUSTOMER: dict[str, Schema] = {"id": _TEXT, "timezone": _TEXT, "tags": _TEXTS, "place": _PLACE}
"""What the engine itself tells of a customer, or reads of one."""
