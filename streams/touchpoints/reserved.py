"""The reserved types of docs/events.md: what their properties must hold, and the one spelling that the engine reads."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from streams.touchpoints.ids import EVERYONE, id_text
from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError
from streams.touchpoints.wire import Id, Instant, Touchpoint, converted
from streams.touchpoints.wire_limits import NO_NUL

Text = Annotated[str, Meta(min_length=1, extra_json_schema=NO_NUL)]
CLOCK = "sillage.clock"
STOP = "fanout.stop"
"""Ends the fan-outs of an id in every partition."""
LARGEST_TO_EVERYONE = 1 << 16
"""Bytes of a touchpoint to everyone, which each partition remembers until all have it."""


class CustomerUpdated(msgspec.Struct):
    """Attributes to set by name, and names to unset. At least one of the two is there."""

    set: dict[Text, Any] | None = None
    unset: list[Text] | None = None


class ConsentChanged(msgspec.Struct):
    """The person's answer for one topic and channel, where it was given, and the version of the text that was read."""

    topic: Text
    channel: Text
    given: bool
    source: Id | None = None
    text_version: Id | None = None


class IdentityLinked(msgspec.Struct):
    """Identifiers that belong to the same person. They may also stand at the top."""

    identifiers: dict[Text, Id] | None = None


class ActionRefused(msgspec.Struct):
    """An action that the dispatcher refused at hand-over, with the code of the refusal."""

    action_id: Text
    code: Text


class MessageReceipt(msgspec.Struct):
    """What became of a message that left as this action."""

    action_id: Text
    message: str | None = None


class MessageReply(msgspec.Struct):
    """What a person wrote: as an answer to this action, or of their own accord. At least one of the two is there.

    `from` is the address that they wrote from, which an answer goes to.
    """

    action_id: Text | None = None
    message: str | None = None
    text: str | None = None
    sender: Id | None = msgspec.field(name="from", default=None)


class TaskReply(msgspec.Struct):
    """What whoever does the work wrote to the person, in the conversation that was handed over."""

    task_id: Id
    text: Text


class TaskResult(msgspec.Struct):
    """What became of work for a person."""

    task_id: Id
    outcome: str | None = None
    note: str | None = None


class CallAnswer(msgspec.Struct):
    """What a service answered to a call: the status, and the JSON of the body as a value."""

    call_id: Text
    service: str | None = None
    status: int | None = None
    body: Any = None


class CallFailure(msgspec.Struct):
    """Why a call has no answer: a code of docs/calls.md, and the reason for people."""

    call_id: Text
    code: Text
    service: str | None = None
    status: int | None = None
    why: str | None = None


class JourneyStart(msgspec.Struct):
    """The journey that shall begin; all other properties are its inputs."""

    journey: Text


class EnginesOwn(msgspec.Struct):
    """What the engine tells itself within a decision; from outside it is refused."""


class FanoutStop(msgspec.Struct):
    """The id of the touchpoint to everyone that nobody more shall get, or of a schedule's run."""

    id: Id


class ClockMoved(msgspec.Struct):
    """The instant to which the clock of a partition moves."""

    at: Instant


class Nothing(msgspec.Struct):
    """No property is required."""


_MESSAGES = ("sent", "delivered", "opened", "clicked", "dismissed", "fetched", "bounced", "complained", "failed")
MODELS: dict[str, type[msgspec.Struct]] = {
    "customer.updated": CustomerUpdated,
    "consent.changed": ConsentChanged,
    "position.reported": Nothing,
    "identity.linked": IdentityLinked,
    "customer.erased": Nothing,
    "action.refused": ActionRefused,
    **{f"message.{what}": MessageReceipt for what in _MESSAGES},
    "message.replied": MessageReply,
    "task.replied": TaskReply,
    **{f"task.{what}": TaskResult for what in ("done", "no_answer", "expired")},
    "call.done": CallAnswer,
    "call.failed": CallFailure,
    "journey.start": JourneyStart,
    **dict.fromkeys(
        (
            "segment.entered",
            "segment.left",
            "place.entered",
            "place.left",
            "place.stayed",
            "date.reached",
            "absence.noticed",
            "schedule.due",
            "release.reached",
        ),
        EnginesOwn,
    ),
    STOP: FanoutStop,
    CLOCK: ClockMoved,
}
PERSONAL = frozenset(MODELS) - {STOP, "journey.start"}
"""Reserved types that are about one person, and never about everyone."""


def settled(touchpoint: Touchpoint, properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of a touchpoint of a reserved type, checked, and spelled in one way. Unknown ones are kept.

    Identifiers of `identity.linked` are put at the top of `touchpoint` as well. Raises RefusalError.
    """
    told = converted(properties, MODELS[touchpoint.type], below="properties.")
    match told:
        case CustomerUpdated():
            if told.set is None and told.unset is None:
                raise RefusalError(
                    "missing_field", "customer.updated has neither properties.set nor properties.unset; send one"
                )
        case EnginesOwn():
            raise RefusalError(
                "engines_own", f"type is {touchpoint.type!r}, which only the engine tells; send a type of your own"
            )
        case ConsentChanged():
            return properties | _texts(source=told.source, text_version=told.text_version)
        case IdentityLinked():
            return properties | {"identifiers": _linked(touchpoint, told)}
        case MessageReply():
            return properties | _of_reply(told)
        case TaskResult() | TaskReply():
            return properties | {"task_id": id_text(told.task_id, "properties.task_id")}
        case FanoutStop():
            return properties | {"id": id_text(told.id, "properties.id")}
        case ClockMoved():
            return properties | {"at": instant_ms(told.at, "properties.at")}
    if touchpoint.type == "position.reported" and touchpoint.place is None:
        raise RefusalError(
            "missing_field", "place is missing, and position.reported is about it; send place {lat, lon}"
        )
    return properties


def refuse_unaddressed(type_: str, customer: str, identifiers: Mapping[str, str], size: int) -> None:
    """Raises RefusalError for what cannot be said to everyone, and for what is said to no one else."""
    if customer != EVERYONE:
        if type_ == STOP:
            reason = f"{STOP} is for every partition, and its customer is not {EVERYONE!r}; send it to {EVERYONE!r}"
            raise RefusalError("not_for_one", reason)
        return
    if type_ in PERSONAL or identifiers:
        found = f"the type {type_}" if type_ in PERSONAL else "identifiers"
        reason = f"the customer is {EVERYONE!r}, and {found} can only be about one person; name the customer"
        raise RefusalError("not_for_everyone", reason)
    if size > LARGEST_TO_EVERYONE:
        reason = f"the value has {size} bytes, expected at most {LARGEST_TO_EVERYONE} to everyone; send a reference"
        raise RefusalError("too_large", reason)


def _of_reply(told: MessageReply) -> dict[str, str]:
    if told.action_id is None and told.text is None:
        raise RefusalError(
            "missing_field", "message.replied has neither properties.action_id nor properties.text; send one"
        )
    return {} if told.sender is None else {"from": id_text(told.sender, "properties.from")}


def _texts(**found: Id | None) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else id_text(value, name)
        for name, value in found.items()
        if value is not None
    }


def _linked(touchpoint: Touchpoint, told: IdentityLinked) -> dict[str, str]:
    found = {**(touchpoint.identifiers or {}), **(told.identifiers or {})}
    if not found:
        raise RefusalError(
            "missing_field", "identifiers is missing, and identity.linked is about it; send {kind: value}"
        )
    linked = {kind: id_text(value, f"identifiers.{kind}") for kind, value in found.items()}
    touchpoint.identifiers = dict(linked)
    return linked
