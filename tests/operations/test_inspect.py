"""`sillage state inspect`: what counts of a customer's record, and where it stands."""

import json

from operations.conftest import Sillage, put

from engine.customer import Consent, Customer, Enrollment, OpenGoal, QueuedAction
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.broker.publish import Out
from streams.settings import Settings
from streams.touchpoints.home import home

HOUR = 3_600_000


def customer(email: str) -> Customer:
    """Somebody in two journeys."""
    found = Customer("zoë", "p1", HOUR, attributes={"email": email, "city": "\x9bGrenoble"})
    found.consent = {"offers/email": Consent(True, 2 * HOUR, "form")}
    found.enrollments = [
        Enrollment("e1", "welcome", "v7", "k1", HOUR, 9 * HOUR, {}, node="wait-1", due_at=5 * HOUR),
        Enrollment("e2", "basket", "v2", "", HOUR, 8 * HOUR, {}, node="wait-2", due_at=6 * HOUR),
    ]
    found.goals = [OpenGoal("e1", "welcome", "v7", "k1", 7 * HOUR, {})]
    found.queued = [QueuedAction("a1", "e1", "offers", "email", 3 * HOUR)]
    return found


def store(settings: Settings) -> None:
    """Two that count, of which the last is at offset 3, and one of a former owner behind them."""
    at, key = home("zoë", 2), "zoë".encode()
    put(settings, "state", at, Out(marker_key("a"), b""), Out(marker_key("b"), b""))
    record = Record(customer("old@x.example"), {"touchpoints.web/0#id": 17})
    put(settings, "state", at, Out(key, encode(record, 1)))
    record.customer = customer("new@x.example")
    record.due_at = 5 * HOUR
    record.say("actions", at, key, b'{"id": "a1"}', HOUR, journey="welcome", channel="email")
    put(settings, "state", at, Out(key, encode(record, 1)), Out(b"other", encode(Record(Customer("other", "o", 1)), 1)))
    put(settings, "state", at, Out(key, encode(Record(customer("stray@x.example")), 0)))


def test_what_counts_is_shown_with_where_it_was_read(house: Settings, sillage: Sillage) -> None:
    store(house)
    shown = sillage("state", "inspect", "zoë").stdout
    at = f"{house.topic('state')}/{home('zoë', 2)}"
    for line in (
        f"customer zoë, read from {at}, offsets 0 to 6",
        "epoch 1 (the owner's now)",
        "next timer 1970-01-01T05:00:00.000Z",
        "a record of a former owner lies after it and does not count",
        'email: "new@x.example"',
        r'city: "\x9bGrenoble"',
        "offers/email: yes at 1970-01-01T02:00:00.000Z, source form",
        "welcome v7, key k1 (e1)",
        "at wait-1 since -, until 1970-01-01T05:00:00.000Z",
        "welcome v7 k1, until 1970-01-01T07:00:00.000Z (e1)",
        "a1 offers/email at 1970-01-01T03:00:00.000Z of e1",
        "1: actions/",
        "touchpoints.web/0#id: 17",
    ):
        assert line in shown, line
    assert "record at offset 3," in shown
    only = sillage("state", "inspect", "zoë", "--journey", "basket").stdout
    assert "basket v2" in only and "welcome v7" not in only


def test_json_holds_everything_by_name(house: Settings, sillage: Sillage) -> None:
    store(house)
    found = json.loads(sillage("state", "inspect", "zoë", "--json", "--journey", "basket").stdout)
    assert found["read"]["offset"] == 3 and found["read"]["stray"] and found["read"]["end"] == 6
    assert [each["journey"] for each in found["customer"]["enrollments"]] == ["basket"]
    assert found["customer"]["attributes"]["email"] == "new@x.example"
    assert found["outbox"][0]["value"] == {"id": "a1"}
    assert found["applied"] == {"touchpoints.web/0#id": 17}


def test_somebody_unknown_is_said(house: Settings, sillage: Sillage) -> None:
    answer = sillage("state", "inspect", "nobody", code=1).stderr
    assert answer.startswith("Error: customer nobody: nothing is known of them; read ")
    assert "expected an id of UTF-8 text" in sillage("state", "inspect", "a\x1bb", code=1).stderr
