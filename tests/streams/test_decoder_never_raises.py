"""Whatever bytes arrive, the decoder gives an event or a reason, never an exception; and an event can be kept."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as some
from records import Given, decoder, record

from engine.event import Event
from streams.touchpoints.decoder import Forward, Rejected, decode_forward, encode_forward

SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.integers(-(2**70), 2**70),
    some.floats(),
    some.text(),
    some.sampled_from(["", "c1", "2026-03-02T18:00:00Z", "0000-01-01", "\0", "\ud800", "1.0", "x" * 201]),
)
TREES = some.recursive(SCALARS, lambda part: some.lists(part) | some.dictionaries(some.text(), part), max_leaves=12)
KINDS = ["x", "customer.updated", "consent.changed", "position.reported", "identity.linked", "action.refused",
         "message.sent", "task.done", "sillage.clock", "customer.erased"]  # fmt: skip
NAMES = ["type", "customer", "identifiers", "id", "channel", "occurred_at", "place", "properties", "extra", "brand",
         "specversion", "source", "subject", "time", "data", "data_base64", "datacontenttype"]  # fmt: skip
INSIDE = ["lat", "lon", "email", "set", "unset", "topic", "channel", "given", "identifiers", "place", "at", "action_id"]
TOUCHPOINTS = some.dictionaries(
    some.sampled_from(NAMES), TREES | some.dictionaries(some.sampled_from(INSIDE), TREES)
).flatmap(lambda tree: some.sampled_from([{}, *({"type": kind} for kind in KINDS)]).map(lambda kind: tree | kind))
KEYS = some.none() | some.binary(max_size=8)
HEADERS = some.lists(
    some.tuples(
        some.sampled_from(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_x",
                           "content-type", "Content-Type", "traceparent"]),
        some.sampled_from([b"1.0", b"x", b"\xff", b"\0", b"", b"application/cloudevents+json", b"application/json"]),
    ),
    max_size=7,
)  # fmt: skip


def decoded(value: Given) -> Event | Rejected:
    found = decoder().decode(value)
    if isinstance(found, Rejected):
        assert found.code != "decoder_fault", found
        found.reason.encode()
        return found
    again = decode_forward(record(encode_forward(Forward("3>1", 1, "web/3/42", found)).value))
    assert isinstance(again, Forward)
    assert again.event == found
    # State is kept in msgpack, which takes less than JSON does: 64 bits, no half of a surrogate.
    msgspec.msgpack.encode(found)
    assert found.customer
    assert len(found.customer.encode()) <= 200
    assert 0 < len(found.id.encode()) <= 200
    assert "\0" not in found.customer + found.id
    return found


@given(some.binary(), KEYS, HEADERS)
def test_any_bytes(value: bytes, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    decoded(Given(value, key, headers))


@given(TREES, KEYS, HEADERS)
def test_any_json(tree: object, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    decoded(Given(json.dumps(tree).encode(), key, headers))


@given(TOUCHPOINTS, KEYS, HEADERS)
@example({"type": "sillage.clock", "customer": "c", "properties": {"at": float("nan")}}, None, [])
@example({"type": "x", "customer": "c", "occurred_at": float("inf")}, None, [])
def test_anything_like_a_touchpoint(tree: object, key: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    decoded(Given(json.dumps(tree).encode(), key, headers))


@given(TOUCHPOINTS, some.integers(0, 400), some.binary(max_size=3))
def test_anything_like_a_touchpoint_with_bytes_changed(tree: object, at: int, bad: bytes) -> None:
    raw = json.dumps(tree).encode()
    decoded(Given(raw[:at] + bad + raw[at + len(bad) :], b"k"))


@given(some.binary() | TREES.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_as_a_forward(value: bytes) -> None:
    assert isinstance(decode_forward(Given(value)), Rejected)
