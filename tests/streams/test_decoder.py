"""The contract of docs/events.md on plain JSON, sentence by sentence."""

import pytest
from records import CREATED, NOW, decoder, event, record, refused

from engine.event import Event, Place

BASE = {"type": "order.placed", "customer": "c1"}
MINUTE = 60_000


def test_plain_json_with_all_fields() -> None:
    given = BASE | {
        "id": "e1",
        "channel": "app",
        "occurred_at": "2026-03-02T17:59:00Z",
        "place": {"lat": 48.85, "lon": 2.35, "accuracy_m": 12},
        "identifiers": {"email": "Ann@example.com"},
        "properties": {"total": 84.5, "lines": [{"sku": "x"}], "gift": None},
    }
    assert event(given) == Event(
        id="e1",
        type="order.placed",
        customer="c1",
        channel="app",
        occurred_at=NOW - MINUTE,
        received_at=NOW,
        properties={"total": 84.5, "lines": [{"sku": "x"}], "gift": None},
        identifiers={"email": "Ann@example.com"},
        place=Place(48.85, 2.35, 12),
    )


def test_what_is_left_out_or_null() -> None:
    optional = ("id", "channel", "occurred_at", "place", "properties", "identifiers")
    for given in (BASE, BASE | dict.fromkeys(optional)):
        found = event(given)
        assert (found.id, found.named) == ("acme.touchpoints.web/3/42", False)
        assert (found.occurred_at, found.timed) == (NOW, False)
        assert (found.channel, found.properties, found.place, found.brand) == ("web", {}, None, None)


def test_no_id_is_counted() -> None:
    one = decoder()
    one.decode(record(BASE))
    one.decode(record(BASE | {"id": "e1"}))
    assert one.counts.no_id == 1


def test_unknown_fields_at_the_top_are_kept_and_counted() -> None:
    one = decoder()
    found = one.decode(record(BASE | {"session": {"id": 7}, "brand": "lumiere"}))
    assert isinstance(found, Event)
    assert found.extras == {"session": {"id": 7}, "brand": "lumiere"}
    assert found.brand is None
    assert one.counts.extras == 2


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (7, "7"),
        (0, "0"),
        (-5, "-5"),
        (12.0, "12"),
        (1.5, "1.5"),
        (2**70, str(2**70)),
        ("CaSe", "CaSe"),
        ("x" * 200, "x" * 200),
        ("é" * 100, "é" * 100),
        (" ", " "),
    ],
)
def test_ids_of_1_to_200_bytes_keep_their_case_and_numbers_become_text(given: object, text: str) -> None:
    found = event({"type": "x", "customer": given, "id": given, "identifiers": {"email": given}})
    assert (found.customer, found.id, found.identifiers) == (text, text, {"email": text})


def test_numbers_as_ids_are_counted() -> None:
    one = decoder()
    one.decode(record({"type": "x", "customer": 1, "id": 2, "identifiers": {"email": 3, "phone": "4"}}))
    assert one.counts.numbers_as_ids == 3


@pytest.mark.parametrize("given", ["", "x" * 201, "é" * 101, "\U0001f600" * 51, 1e300, 9007199254740994.0])
def test_ids_of_no_or_too_many_bytes_and_inexact_numbers_are_refused(given: object) -> None:
    assert refused({"type": "x", "customer": given}).code == "bad_id"
    assert refused(BASE | {"id": given}).code == "bad_id"
    assert refused(BASE | {"identifiers": {"email": given}}).code == "bad_id"


@pytest.mark.parametrize("given", [True, [], {}])
def test_ids_of_other_types_are_refused(given: object) -> None:
    assert refused({"type": "x", "customer": given}).code == "wrong_type"
    assert refused(BASE | {"id": given}).code == "wrong_type"
    assert refused(BASE | {"identifiers": {"email": given}}).code == "wrong_type"


def test_the_payload_beats_the_record_key_and_a_key_alone_is_the_customer() -> None:
    both = {"loyalty": "L1", "email": "a@b"}
    assert event(BASE | {"identifiers": both}, key=b"k").customer == "c1"
    assert event({"type": "x", "identifiers": both}, key=b"k").customer == "loyalty:L1"
    assert event({"type": "x"}, key=b"k").customer == "k"
    assert event({"type": "x", "identifiers": {"crm": "7"}}, key=b"k").customer == "k"


def test_whoever_names_the_customer_is_counted() -> None:
    one = decoder()
    one.decode(record({"type": "x"}, key=b"k"))
    one.decode(record({"type": "x", "identifiers": {"email": "a@b"}}, key=b"k"))
    assert (one.counts.named_by_key, one.counts.named_by_identifier) == (1, 1)


def test_the_first_kind_in_order_names_the_customer() -> None:
    kinds = ["loyalty", "email", "phone", "device", "cookie"]
    while kinds:
        given = dict.fromkeys(reversed(kinds), "v")
        assert event({"type": "x", "identifiers": given}).customer == f"{kinds[0]}:v"
        kinds.pop(0)


@pytest.mark.parametrize(
    "given", [{"type": "x"}, {"type": "x", "identifiers": {}}, {"type": "x", "identifiers": {"crm": "7"}}]
)
def test_nobody_named_is_refused(given: object) -> None:
    assert refused(given).code == "no_customer"
    assert refused(given, key=b"").code == "no_customer"


def test_a_key_that_cannot_be_an_id_matters_only_where_it_is_asked() -> None:
    for key, code in ((b"\xff", "bad_id"), (b"x" * 201, "bad_id"), (b"a\0b", "nul")):
        assert event(BASE, key=key).customer == "c1"
        assert refused({"type": "x"}, key=key).code == code


def test_a_customer_named_by_a_long_identifier_must_fit_too() -> None:
    assert refused({"type": "x", "identifiers": {"email": "x" * 196}}).code == "bad_id"


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("2026-03-02T17:59:00Z", NOW - MINUTE),
        ("2026-03-02t17:59:00z", NOW - MINUTE),
        ("2026-03-02T17:59:00", NOW - MINUTE),
        ("2026-03-02 17:59", NOW - MINUTE),
        ("2026-03-02T18:59:00+01:00", NOW - MINUTE),
        ("20260302T175900Z", NOW - MINUTE),
        ("2026-03-02T17:59:00.1239999Z", NOW - MINUTE + 123),
        ("2026-03-02", NOW - 18 * 60 * MINUTE),
        ("2026-W10-1", NOW - 18 * 60 * MINUTE),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        (NOW - MINUTE, NOW - MINUTE),
        (float(NOW), NOW),
        (1.9, 1),
        (-1, -1),
        (0, 0),
        (-62_135_596_800_000, -62_135_596_800_000),
    ],
)
def test_instants(given: object, at: int) -> None:
    found = event(BASE | {"occurred_at": given})
    assert (found.occurred_at, found.timed) == (at, True)


@pytest.mark.parametrize(
    "given",
    ["", "yesterday", "2026-13-01", "2026-02-30", "0000-01-01T00:00:00Z", "2026-03-02X18:00", "1772474400000",
     "2026030210123", "0001-01-01T00:00:00+14:00", "２０２６-03-02", -62_135_596_800_001, -1e300, "\U0001f600"],
)  # fmt: skip
def test_absurd_instants_are_refused(given: object) -> None:
    assert refused(BASE | {"occurred_at": given}).code == "bad_instant"


@pytest.mark.parametrize("given", [True, False, [], {}])
def test_instants_of_other_types_are_refused(given: object) -> None:
    assert refused(BASE | {"occurred_at": given}).code == "wrong_type"


@pytest.mark.parametrize(
    ("given", "at"),
    [(NOW + 10 * MINUTE, NOW + 10 * MINUTE), (NOW + 10 * MINUTE + 1, NOW), ("9999-12-31T23:59:59Z", NOW), (1e17, NOW)],
)
def test_more_than_ten_minutes_ahead_is_set_back_and_counted(given: object, at: int) -> None:
    one = decoder()
    found = one.decode(record(BASE | {"occurred_at": given}))
    assert isinstance(found, Event)
    assert (found.occurred_at, found.timed) == (at, True)
    assert one.counts.clamped_future == (at == NOW)


@pytest.mark.parametrize(("stamp", "received"), [(NOW - 5, NOW - 5), (NOW + 5, NOW), (-1, NOW), (0, 0)])
def test_received_at_without_append_time_is_the_smaller_of_timestamp_and_now(stamp: int, received: int) -> None:
    assert event(BASE, timestamp=stamp, timestamp_type=CREATED).received_at == received


def test_received_at_is_the_append_time() -> None:
    assert event(BASE, timestamp=NOW + 5).received_at == NOW + 5


@pytest.mark.parametrize(
    "place",
    [{"lat": 91, "lon": 0}, {"lat": 0, "lon": -181}, {"lat": 0}, {"lat": "1", "lon": 1}, {"lat": True, "lon": 1},
     {"lat": 1, "lon": 1, "accuracy_m": -1}, [1, 2], "Paris"],
)  # fmt: skip
def test_places_off_the_earth_are_refused(place: object) -> None:
    assert refused(BASE | {"place": place}).code in ("wrong_type", "missing_field")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"{", "malformed"),
        (b"{} {}", "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (b'{"type":"\xff"}', "malformed"),
        (b'{"type":"\xed\xa0\x80"}', "malformed"),
        (b'{"type":"x","customer":"\\ud800"}', "malformed"),
        (b'{"type":"x","customer":"c","properties":{"\\udc00":1}}', "malformed"),
        (b'{"type":"x","customer":"c","properties":{"n":NaN}}', "malformed"),
        (b'{"type":"x","customer":"c","properties":{"n":1e999}}', "malformed"),
        (b'{"type":"x","customer":"c","properties":{"n":' + b"1" * 5000 + b"}}", "malformed"),
        (b'{"type":"x","customer":"a\\u0000b"}', "nul"),
        (b'{"type":"x","customer":"c","properties":{"a":["\\u0000"]}}', "nul"),
        (b'{"type":"x","customer":"c","properties":{"\\u0000":1}}', "nul"),
        (b'{"type":"x","customer":"c","\\u0000":1}', "nul"),
        (b'{"type":"x","identifiers":{"email":"\\u0000"}}', "nul"),
        (b"[]", "not_object"),
        (b'"text"', "not_object"),
        (b"null", "not_object"),
        (b"7", "not_object"),
        ({}, "missing_field"),
        ({"customer": "c"}, "missing_field"),
        ({"type": "", "customer": "c"}, "wrong_type"),
        ({"type": 7, "customer": "c"}, "wrong_type"),
        ({"type": "x" * 201, "customer": "c"}, "wrong_type"),
        (BASE | {"channel": ""}, "wrong_type"),
        (BASE | {"channel": 1}, "wrong_type"),
        (BASE | {"properties": []}, "wrong_type"),
        (BASE | {"identifiers": ["a"]}, "wrong_type"),
        (BASE | {"properties": {"n": 2**64}}, "wrong_type"),
        (BASE | {"properties": {"a": {"n": [-(2**63) - 1]}}}, "wrong_type"),
        (BASE | {"extra": 2**64}, "wrong_type"),
        (b"[" * 100_000, "too_deep"),
        (b'{"type":"x","customer":"c","properties":' + b'{"a":' * 500 + b"1" + b"}" * 501, "too_deep"),
        (b'{"type":"x","customer":"c","z":' + b"[" * 65 + b"]" * 65 + b"}", "too_deep"),
    ],
)  # fmt: skip
def test_bad_values_are_refused(value: object, code: str) -> None:
    assert refused(value).code == code


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert event(b'{"type":"x","customer":"c","properties":{"a":"\\\\u0000"}}').properties == {"a": "\\u0000"}


@pytest.mark.parametrize("field", ["properties", "unknown"])
def test_the_whole_value_may_have_64_levels(field: str) -> None:
    for levels, taken in ((64, True), (65, False)):
        inside = levels - 1 - 1
        value = b'{"type":"x","customer":"c","%s":{"a":%s1%s}}' % (field.encode(), b"[" * inside, b"]" * inside)
        assert isinstance(decoder().decode(record(value)), Event) == taken
    assert refused(value).code == "too_deep"


def test_integers_at_the_limit_are_kept() -> None:
    given = {"n": 2**64 - 1, "m": [-(2**63)]}
    assert event(BASE | {"properties": given, "unknown": given}).properties == given


def test_a_megabyte_is_taken_and_a_byte_more_is_not() -> None:
    empty = len(b'{"type":"x","customer":"c","properties":{"a":""}}')
    for size, taken in ((1 << 20, True), ((1 << 20) + 1, False)):
        value = b'{"type":"x","customer":"c","properties":{"a":"' + b"x" * (size - empty) + b'"}}'
        assert len(value) == size
        assert isinstance(decoder().decode(record(value)), Event) == taken
    assert refused(value).code == "too_large"
    assert refused(b"x" * (10 << 20)).code == "too_large"


def test_a_refusal_says_where_what_and_how_to_cure_it() -> None:
    reason = refused(b'{"type": "x",\n "customer": "\xc3\xa9" "id"}').reason
    assert reason.endswith("at line 2 column 18 (byte 32); send one JSON object")
    assert "byte 9 is 0xff, which is not UTF-8" in refused(b'{"type":"\xff"}').reason
    assert "place.lat: expected `float` <= 90.0" in refused(BASE | {"place": {"lat": 91, "lon": 0}}).reason
    assert "occurred_at is 'soon', expected ISO 8601" in refused(BASE | {"occurred_at": "soon"}).reason
    assert "half" in refused(b'{"type":"x","customer":"\\ud800"}').reason
    assert len(refused(BASE | {"occurred_at": "x" * 10_000}).reason) < 500
