"""What the reserved types write, each part with its own instant: newer replaces older, and erasing leaves a stub."""

import pytest

from engine.customer import Consent
from engine.event import Place

WAIT = [{"send": "hello"}, {"wait": "5d"}, {"send": "again"}]


def update(person, at, **properties):
    return person.event("customer.updated", properties, occurred_at=person.at + at)


def test_each_attribute_keeps_its_own_instant(life):
    person = life()
    update(person, 10, set={"a": 1, "b": 1})
    update(person, 5, set={"a": 2, "c": 2})
    update(person, 10, set={"b": 3})
    assert {name: person.customer.attributes[name] for name in "abc"} == {"a": 1, "b": 3, "c": 2}


def test_unset_is_remembered_so_that_an_older_value_does_not_come_back(life):
    person = life()
    update(person, 0, set={"a": 1})
    update(person, 10, unset=["a", "never"])
    assert "a" not in person.customer.attributes
    update(person, 9, set={"a": 2, "never": 1})
    assert not {"a", "never"} & person.customer.attributes.keys()
    update(person, 5, unset=["first_name"])
    update(person, 10, set={"a": 3})
    assert person.customer.attributes["a"] == 3
    update(person, 9, unset=["a"])
    assert person.customer.attributes["a"] == 3


def test_attributes_are_bounded_and_the_one_written_longest_ago_falls_out(life):
    person = life()
    update(person, 0, set={"first": 1, "second": 1})
    update(person, 0, set={"first": 2})
    update(person, 0, set={f"n{number}": number for number in range(255)})
    assert "second" not in person.customer.attributes
    assert person.customer.attributes["first"] == 2
    assert len(person.customer.attributes_at) == 256


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("customer.updated", {"set": [1]}),
        ("customer.updated", {"unset": "a"}),
        ("customer.updated", {"unset": [1]}),
        ("consent.changed", {}),
        ("consent.changed", {"topic": "offers", "channel": "email", "given": "yes"}),
        ("consent.changed", {"topic": 1, "channel": "email", "given": True}),
        ("consent.changed", {"topic": "offers", "channel": None, "given": True}),
        ("position.reported", {}),
        ("identity.linked", {"identifiers": ["x"]}),
        ("message.sent", {"action_id": ["x"]}),
        ("action.refused", {}),
    ],
)
def test_a_reserved_type_of_the_wrong_shape_writes_nothing(life, type_, properties):
    person = life(trace_all=True)
    before = person.customer
    person.event(type_, properties, named=False)
    assert person.customer is before


def answer(person, given, at, topic="offers", channel="email"):
    properties = {"topic": topic, "channel": channel, "given": given, "source": "form", "text_version": "3"}
    return person.event("consent.changed", properties, occurred_at=person.at + at)


def test_the_newest_consent_stands_and_a_tie_goes_to_the_refusal(life):
    person = life(consent=False)
    steps = [
        (True, 10, True),
        (False, 9, True),
        (False, 10, False),
        (True, 10, False),
        (True, 11, True),
        (False, 12, False),
    ]
    for given, at, stands in steps:
        answer(person, given, at)
        assert person.customer.consent["offers/email"].given is stands
    assert person.customer.consent["offers/email"] == Consent(False, person.at + 12, "form", "3")


def test_of_two_answers_that_agree_at_one_instant_the_later_arrival_stands(life):
    person = life()
    answer(person, True, 10)
    again = {"topic": "offers", "channel": "email", "given": True, "source": "shop"}
    person.event("consent.changed", again, occurred_at=person.at + 10)
    assert person.customer.consent["offers/email"].source == "shop"


def test_a_late_withdrawal_counts_at_once(life, journey):
    person = life(journey(steps=[{"wait": "1h"}, {"send": "hello"}]))
    person.event("began")
    answer(person, False, -30 * 86_400_000)
    person.advance("1h")
    assert person.codes("refused") == ["consent"]


def test_a_withdrawal_tells_dispatch_when_actions_of_its_topic_and_channel_are_queued(life, journey):
    person = life(journey(steps=WAIT))
    person.event("began")
    answer(person, False, 0, topic="news")
    answer(person, False, 1, channel="push")
    assert person.consent_changes() == []
    answer(person, False, 2)
    change = person.consent_changes()[0]
    assert (change.topic, change.channel, change.given, change.decided_at) == ("offers", "email", False, person.at)


def test_a_withdrawal_with_nothing_queued_tells_nobody(life, journey):
    person = life(journey(steps=WAIT))
    person.event("began")
    person.receipt("message.sent")
    answer(person, False, 1)
    assert person.consent_changes() == []


def test_a_new_consent_lifts_the_withdrawal_at_dispatch(life, journey):
    person = life(journey(steps=WAIT))
    person.event("began")
    answer(person, False, 1)
    answer(person, True, 2)
    answer(person, True, 3)
    assert [change.given for change in person.consent_changes()] == [False, True]
    assert len({change.id for change in person.consent_changes()}) == 2


def test_consents_are_bounded_and_the_one_answered_longest_ago_falls_out(life):
    person = life(consent=False)
    for number in (0, *range(1, 10), 0, *range(10, 260)):
        answer(person, True, 0, topic=f"t{number}")
    assert list(person.customer.consent)[4:7] == ["t9/email", "t0/email", "t10/email"]
    assert len(person.customer.consent) == 256


def test_the_newest_position_stands_and_a_tie_goes_to_the_later_arrival(life, journey):
    near = journey(
        enter={"on": "began", "where": "customer.place.lat > 40.0", "again": "always"}, steps=[{"send": "hello"}]
    )
    person = life(near)
    answer(person, True, 0, topic="location", channel="app")
    for at, lat, stands in ((10, 48.0, 48.0), (9, 1.0, 48.0), (10, 49.0, 49.0)):
        person.event("position.reported", place=Place(lat, 2.0, 8.0), occurred_at=person.at + at)
        assert person.customer.position.place.lat == stands
    person.event("began")
    person.advance("11m")
    person.event("began")
    assert person.sent() == ["hello"]


@pytest.mark.parametrize("topic", ["location", "*"])
def test_without_consent_no_position_is_kept_and_a_withdrawal_forgets_it(life, topic):
    person = life(trace_all=True)
    person.event("position.reported", place=Place(48.0, 2.0))
    assert person.customer.position is None
    assert person.codes("fact")[-1] == "no_consent"
    answer(person, True, 1, topic="location", channel="app")
    person.event("position.reported", place=Place(48.0, 2.0))
    assert person.customer.position.place.lat == 48.0
    answer(person, False, 0, topic=topic, channel="app")
    assert person.customer.position.place.lat == 48.0
    answer(person, False, 2, topic=topic, channel="app")
    assert person.customer.position is None
    person.event("position.reported", place=Place(48.0, 2.0))
    assert person.customer.position is None


def test_identifiers_come_with_any_event_and_with_identity_linked(life):
    person = life()
    person.event("viewed", identifiers={"cookie": "k1"})
    person.event("identity.linked", {"identifiers": {"email": "a@b.c", "odd": 5}}, identifiers={"cookie": "k2"})
    assert person.customer.identifiers == {"cookie": "k2", "email": "a@b.c"}
    before = person.customer
    person.event("viewed", identifiers={"cookie": "k2"}, named=False)
    assert person.customer is before


def test_identifiers_are_bounded(life):
    person = life()
    person.event("viewed", identifiers={f"kind{number}": "x" for number in range(40)})
    assert list(person.customer.identifiers) == [f"kind{number}" for number in range(8, 40)]


def test_erased_leaves_a_stub_and_one_erasure(life, journey):
    person = life(journey(goal={"on": "ordered", "within": "5d"}, steps=WAIT))
    person.event("customer.updated", {"set": {"x": 1}}, identifiers={"email": "a@b.c"}, place=Place(1.0, 1.0))
    person.event("began")
    person.event("customer.erased", occurred_at=person.at - 86_400_000)
    assert [(each.customer, each.decided_at) for each in person.erasures()] == [("c1", person.at)]
    stub = person.customer
    assert (stub.id, stub.erased_at, stub.updated_at) == ("c1", person.at, person.at)
    for name in set(stub.__struct_fields__) - {"id", "erased_at", "updated_at"}:
        assert not getattr(stub, name), f"{name} outlived the erasure"


def test_being_erased_begins_no_journey(life, journey):
    person = life(journey(enter={"on": "customer.erased"}, steps=[{"send": "recall"}, {"wait": "1h"}]))
    person.event("customer.erased")
    assert person.customer.enrollments == []
    assert person.codes("entered") == []


def test_an_erased_customer_never_gets_anything_again(life, journey):
    person = life(journey("a", steps=[{"send": "recall"}]), journey("b", steps=WAIT), trace_all=True)
    person.event("customer.updated", {"set": {}})
    person.event("customer.erased")
    stub = person.customer
    person.event("began", identifiers={"email": "a@b.c"})
    person.event("customer.updated", {"set": {"email": "a@b.c"}})
    answer(person, True, 5)
    person.event("customer.erased")
    person.advance("30d")
    assert person.customer is stub
    assert person.sent() == []
    assert len(person.erasures()) == 1
    assert person.lines("fact")[-1].code == "erased"


@pytest.mark.parametrize("type_", ["message.sent", "message.failed", "action.refused"])
def test_a_receipt_takes_its_action_from_what_is_queued(life, journey, type_):
    person = life(journey("a", steps=WAIT), journey("b", steps=WAIT))
    person.event("began")
    first, second = person.actions()
    person.receipt("message.delivered", first)
    assert len(person.customer.queued) == 2
    person.receipt(type_, first)
    assert [each.action for each in person.customer.queued] == [second.id]


def test_queued_actions_are_bounded(life, journey):
    person = life(journey(enter={"on": "began", "again": "always"}, steps=[{"send": "hello"}]))
    for _ in range(66):
        person.event("began")
    assert [each.action for each in person.customer.queued] == [action.id for action in person.actions()[2:]]


def test_a_reply_on_whatsapp_is_remembered_and_an_older_one_changes_nothing(life):
    person = life()
    at = person.at
    for channel, later in (("whatsapp", 0), ("whatsapp", -500), ("email", 700)):
        person.event("message.replied", {"action_id": "a"}, channel=channel, occurred_at=at + later)
    assert person.customer.attributes["whatsapp_replied_at"] == at
    person.event("message.replied", {"action_id": "a"}, channel="whatsapp", occurred_at=at + 900)
    assert person.customer.attributes["whatsapp_replied_at"] == at + 900
