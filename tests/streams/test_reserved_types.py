"""The reserved types: what their properties must hold, and the one spelling that the engine reads."""

import pytest
from records import NOW, decoder, event, record, refused

from engine.event import Event
from streams.touchpoints.decoder import Rejected

SENT = ("sent", "delivered", "opened", "clicked", "dismissed", "bounced", "complained", "replied", "failed")
MESSAGES = [f"message.{what}" for what in SENT]
TASKS = ["task.done", "task.no_answer", "task.expired"]


def of(kind: str, properties: object, **more: object) -> dict[str, object]:
    return {"type": kind, "customer": "c1", "properties": properties, **more}


GOOD = [
    of("customer.updated", {"set": {"first_name": "Ann", "points": 7}, "unset": ["phone"]}),
    of("customer.updated", {"set": {}}),
    of("customer.updated", {"unset": ["phone"], "why": "asked"}),
    of("consent.changed", {"topic": "offers", "channel": "email", "given": False}),
    of("identity.linked", {"identifiers": {"email": "a@b"}}),
    of("position.reported", {}, place={"lat": 1, "lon": 2}),
    of("customer.erased", None),
    of("action.refused", {"action_id": "a1", "code": "consent"}),
    of("sillage.clock", {"at": NOW}),
    *[of(kind, {"action_id": "a1", "message": "welcome"}) for kind in MESSAGES],
    *[of(kind, {"task_id": "t1", "outcome": "bought", "note": "called back"}) for kind in TASKS],
    of("message.replied", {"text": "Hello", "from": "s-1"}),
    of("message.replied", {"text": ""}),
    of("task.replied", {"task_id": "t1", "text": "Hello"}),
    of("call.done", {"call_id": "a1", "service": "score", "status": 200, "body": {"score": [7, None]}}),
    of("call.done", {"call_id": "a1"}),
    of("call.failed", {"call_id": "a1", "service": "score", "code": "time_out", "why": "no answer in 5 s"}),
    of("journey.start", {"journey": "welcome", "gift": 1}),
    of("message.read", {"any": "thing"}),
]
BAD = [
    of("customer.updated", {}),
    of("customer.updated", {"set": ["first_name"]}),
    of("customer.updated", {"unset": "phone"}),
    of("customer.updated", {"unset": [""]}),
    of("consent.changed", {"topic": "offers", "channel": "email"}),
    of("consent.changed", {"topic": "offers", "channel": "email", "given": "yes"}),
    of("consent.changed", {"topic": "", "channel": "email", "given": True}),
    of("consent.changed", {"channel": "email", "given": True}),
    of("identity.linked", {}),
    of("identity.linked", {"identifiers": {}}),
    of("identity.linked", {"identifiers": {"email": None}}),
    of("position.reported", {"place": {"lat": 1, "lon": 2}}),
    of("action.refused", {"action_id": "a1"}),
    of("action.refused", {"action_id": 1, "code": "x"}),
    of("sillage.clock", {}),
    of("sillage.clock", {"at": "soon"}),
    of("sillage.clock", {"at": True}),
    *[of(kind, {"message": "welcome"}) for kind in MESSAGES],
    *[of(kind, {}) for kind in TASKS],
    of("message.replied", {"from": "s-1"}),
    of("message.replied", {"text": 7}),
    of("message.replied", {"text": "Hello", "from": ["s-1"]}),
    of("task.replied", {"task_id": "t1", "text": ""}),
    of("task.replied", {"text": "Hello"}),
    of("call.done", {"body": {}}),
    of("call.done", {"call_id": "a1", "status": "200"}),
    of("call.failed", {"call_id": "a1"}),
    of("call.failed", {"code": "time_out"}),
    of("journey.start", {"gift": 1}),
    of("segment.entered", {"segment": "vip"}),
    of("schedule.due", {"journey": "j", "trigger": 0, "due": 1}),
]


@pytest.mark.parametrize("given", GOOD, ids=lambda given: given["type"])
def test_good_ones_are_taken_with_all_that_they_say(given: dict[str, object]) -> None:
    assert event(given).properties == (given["properties"] or {})


@pytest.mark.parametrize("given", BAD, ids=lambda given: given["type"])
def test_bad_ones_are_refused(given: dict[str, object]) -> None:
    assert refused(given).code in ("missing_field", "wrong_type", "bad_instant", "bad_id", "engines_own")


def test_a_refusal_names_the_property() -> None:
    reason = refused(of("consent.changed", {"topic": "offers", "channel": "email", "given": "yes"})).reason
    assert "properties.given: expected `bool`, got `str`" in reason


def test_a_number_as_version_of_a_text_does_not_lose_a_withdrawal() -> None:
    given = {"topic": "offers", "channel": "email", "given": False, "text_version": 3, "source": 7}
    assert event(of("consent.changed", given)).properties == given | {"text_version": "3", "source": "7"}


def test_linked_identifiers_stand_at_the_top_and_in_the_properties() -> None:
    found = event(
        {"type": "identity.linked", "identifiers": {"cookie": "x"}, "properties": {"identifiers": {"email": 5}}}
    )
    assert found.identifiers == {"cookie": "x", "email": "5"} == found.properties["identifiers"]
    assert found.customer == "email:5"


def test_a_clock_on_ticks_needs_no_customer_and_may_go_ahead() -> None:
    ahead = NOW + 3 * 24 * 3_600_000
    given = record({"type": "sillage.clock", "properties": {"at": ahead}}, topic="acme.ticks")
    found = decoder("ticks").decode(given)
    assert isinstance(found, Event)
    assert (found.customer, found.occurred_at, found.timed, found.properties) == ("", ahead, True, {"at": ahead})
    assert isinstance(decoder("web").decode(given), Rejected)


def test_a_clock_may_be_told_in_iso_8601() -> None:
    assert event(of("sillage.clock", {"at": "2026-03-02T18:00:00Z"})).properties == {"at": NOW}


def test_a_number_that_somebody_wrote_from_is_a_text() -> None:
    assert event(of("message.replied", {"text": "Hello", "from": 33612345678})).properties["from"] == "33612345678"
