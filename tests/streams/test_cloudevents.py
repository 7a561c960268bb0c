"""CloudEvents 1.0 on Kafka, binary and structured, become the same event as plain JSON."""

import base64
import json

import pytest
from records import NOW, Given, binary, decoder, record

from engine.event import Event, Place
from streams.touchpoints.decoder import Rejected

DATA = {"total": 8, "identifiers": {"email": "a@b"}, "place": {"lat": 1, "lon": 2}}
TOLD = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "subject": "c1"}
MORE = {"time": "2026-03-02T17:59:00Z", "channel": "app", "brand": "lumiere", "traceparent": "00-1"}
STRUCTURED = ("content-type", b"application/cloudevents+json; charset=UTF-8")


def event(given: Given) -> Event:
    found = decoder().decode(given)
    assert isinstance(found, Event), found
    return found


def code(given: Given) -> str:
    found = decoder().decode(given)
    assert isinstance(found, Rejected), found
    return found.code


FORMS = [
    binary(DATA, **MORE),
    record(TOLD | MORE | {"data": DATA}),
    record(TOLD | MORE | {"data": DATA, "datacontenttype": "application/json"}, headers=[STRUCTURED]),
    record(TOLD | MORE | {"data_base64": base64.b64encode(json.dumps(DATA).encode()).decode()}),
    Given(json.dumps(DATA).encode(), headers=[(f"CE_{name}", part.encode()) for name, part in (TOLD | MORE).items()]),
]


@pytest.mark.parametrize("given", FORMS)
def test_every_form_gives_the_same_event(given: Given) -> None:
    assert event(given) == Event(
        id="/shop 1",
        type="order.placed",
        customer="c1",
        channel="app",
        occurred_at=NOW - 60_000,
        received_at=NOW,
        properties={"total": 8},
        identifiers={"email": "a@b"},
        place=Place(1.0, 2.0),
        brand="lumiere",
        extras={"traceparent": "00-1"},
    )


def test_source_and_id_are_unique_only_together() -> None:
    ids = {
        event(binary(source=source, id=one)).id
        for source, one in (("/a", "1"), ("/b", "1"), ("/a", "2"), ("/a b", "1"), ("/a", "b 1"))
    }
    assert len(ids) == 5


def test_a_long_source_does_not_make_the_id_too_long() -> None:
    found = {event(binary(source="/" + "x" * 150, id="y" * 100 + end)).id for end in "ab"}
    assert len(found) == 2
    assert all(len(one) <= 200 for one in found)
    assert code(binary(id="y" * 201)) == "bad_id"


def test_no_data_is_no_properties() -> None:
    assert event(binary()).properties == {}
    assert event(record(TOLD)).properties == {}


def test_without_subject_the_identifiers_and_then_the_key_name_the_customer() -> None:
    told = {name: part for name, part in TOLD.items() if name != "subject"}
    assert event(record(told | {"data": DATA}, key=b"k")).customer == "email:a@b"
    assert event(record(told, key=b"k")).customer == "k"
    assert code(record(told)) == "no_customer"


def test_headers_of_others_make_no_cloudevent() -> None:
    given = record(
        {"type": "x", "customer": "c"}, headers=[("traceparent", b"\xff"), ("content-type", b"application/json")]
    )
    assert event(given).customer == "c"


@pytest.mark.parametrize(
    "given",
    [
        binary(specversion="0.3"),
        record(TOLD | {"specversion": 1.0}),
        *[record({name: part for name, part in TOLD.items() if name != gone}) for gone in ("id", "source", "type")],
        *[binary(**{name: ""}) for name in ("id", "source", "type")],
        record(TOLD | {"source": 7}),
        record({"type": "x"}, headers=[("ce_id", b"1")]),
        record(b"", headers=[("content-type", b"application/cloudevents+avro")]),
        record(b"[]", headers=[("content-type", b"application/cloudevents-batch+json")]),
        Given(b"<a/>", headers=[*binary().headers[:-1], ("content-type", b"application/xml")]),
        Given(b"{}", headers=[("ce_id", b"\xff")]),
        record(TOLD | {"data_base64": "%%%"}),
        record(TOLD | {"data": {}, "data_base64": "e30="}),
    ],
)  # fmt: skip
def test_broken_cloudevents_are_refused_as_such(given: Given) -> None:
    assert code(given) == "cloudevents"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (record(TOLD | {"data": "text"}), "wrong_type"),
        (record(TOLD | {"data": [1]}), "wrong_type"),
        (record(TOLD | {"subject": ["c"]}), "wrong_type"),
        (record(TOLD | {"id": True}), "wrong_type"),
        (record(TOLD | {"brand": 7}), "wrong_type"),
        (record(TOLD | {"data": {"place": "Paris"}}), "wrong_type"),
        (binary([1]), "not_object"),
        (Given(b"{", headers=binary().headers), "malformed"),
        (Given(b"{", headers=[STRUCTURED]), "malformed"),
        (Given(None, headers=[STRUCTURED]), "malformed"),
        (binary(time="soon"), "bad_instant"),
        (binary(subject="x" * 201), "bad_id"),
        (binary(subject="a\0"), "nul"),
        (record(TOLD | {"data": {"a": "\0"}}), "nul"),
        (record(TOLD | {"data_base64": base64.b64encode(b'{"a":"\\u0000"}').decode()}), "nul"),
        (record(TOLD | {"data_base64": base64.b64encode(b'{"a":18446744073709551616}').decode()}), "wrong_type"),
        (binary({"n": 2**64}), "wrong_type"),
    ],
)
def test_what_a_cloudevent_holds_is_checked_like_plain_json(given: Given, expected: str) -> None:
    assert code(given) == expected


def test_refusals_name_the_attribute_that_the_sender_knows() -> None:
    for given, words in (
        (binary(time="soon"), "time is 'soon'"),
        (binary(subject="x" * 201), "subject has 201 bytes"),
        (record(TOLD | {"subject": []}), "subject: expected"),
        (record(TOLD | {"data": {"place": 1}}), "data.place: expected"),
    ):
        found = decoder().decode(given)
        assert isinstance(found, Rejected)
        assert words in found.reason


def test_null_attributes_are_as_good_as_left_out() -> None:
    assert event(record(TOLD | {"time": None, "channel": None, "data": None, "dataschema": None})).extras == {}
