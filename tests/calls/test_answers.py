"""What counts as an answer, and how it comes back: as a touchpoint that the decoder takes."""

import json

import pytest
from calls.desk import call
from hypothesis import given
from hypothesis import strategies as some
from records import Given, decoder

from engine.event import Event
from streams.calls.answer import DEEPEST_BODY, DONE, Answer, answered, read_body
from streams.settings import Settings
from streams.touchpoints.home import home

SETTINGS = Settings(prefix="t", channels="web,email", partitions=8)
TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
INTEGERS = some.integers(-(1 << 63), (1 << 63) - 1)
PLAIN = some.none() | some.booleans() | INTEGERS | some.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = some.recursive(
    PLAIN, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"score": 7.5}', DONE),
        (b"null", DONE),
        (b"", DONE),
        (b" \n", DONE),
        (b'"text"', DONE),
        (nested(DEEPEST_BODY), DONE),
        (nested(DEEPEST_BODY + 1), "too_deep"),
        (nested(5_000), "too_deep"),
        (b"<html>", "not_json"),
        (b'{"score": ', "not_json"),
        (b'{"a": 1} {"b": 2}', "not_json"),
        (b'"\xff"', "not_json"),
        (b'"\\ud800"', "not_json"),
        (b'"\\u0000"', "not_json"),
        (b"NaN", "not_json"),
        (b"1e400", "not_json"),
        (b"123456789012345678901234567890", "not_json"),
    ],
)
def test_only_sound_json_counts(body: bytes, code: str) -> None:
    found = read_body(200, body)
    assert found.code == code
    assert found.again is False
    assert bool(found.why) == (code != DONE)


@given(JSON)
def test_whatever_counts_is_taken_by_the_decoder_as_it_was_said(body: object) -> None:
    found = read_body(200, json.dumps(body).encode())
    if found.code != DONE:
        assert found.code == "too_deep"
        return
    receipt = answered(call("c1"), found, 1_772_474_400_000, SETTINGS, [])
    event = decoder().decode(Given(receipt.out.value))
    assert isinstance(event, Event), event
    assert event.properties == {"call_id": "c1", "service": "score", "status": 200, "body": body}


def test_an_answer_comes_back_on_the_customers_own_partition() -> None:
    asked = call("c1", customer="zoe")
    trace = [("traceparent", b"00-1-2-01")]
    receipt = answered(asked, Answer(DONE, 200, {"score": 7}), 1_772_474_400_000, SETTINGS, trace)
    assert (receipt.topic, receipt.partition) == ("t.touchpoints.web", home("zoe", 8))
    assert (receipt.out.key, receipt.out.headers) == (b"zoe", trace)
    event = decoder().decode(Given(receipt.out.value))
    assert isinstance(event, Event)
    assert (event.type, event.customer, event.channel, event.occurred_at) == (
        "call.done", "zoe", "service", 1_772_474_400_000,
    )  # fmt: skip


def test_two_answers_to_one_call_have_one_id_so_that_only_the_first_counts() -> None:
    done = answered(call("c1"), Answer(DONE, 200, 1), 1, SETTINGS, []).out.value
    failed = answered(call("c1"), Answer("http_500", 500, why="no"), 2, SETTINGS, []).out.value
    other = answered(call("c2"), Answer(DONE, 200, 1), 1, SETTINGS, []).out.value
    assert json.loads(done or b"")["id"] == json.loads(failed or b"")["id"] != json.loads(other or b"")["id"]
    told = json.loads(failed or b"")
    assert told["type"] == "call.failed"
    assert told["properties"] == {"call_id": "c1", "service": "score", "status": 500, "code": "http_500", "why": "no"}


def test_in_a_replay_the_answer_is_of_the_instant_of_its_question() -> None:
    replay = Settings(prefix="t", channels="web", clock="event")
    asked = call("c1", decided_at=1_000_000)
    value = answered(asked, Answer(DONE, 200), 2_000_000, replay, []).out.value
    assert json.loads(value or b"")["occurred_at"] == 1_000_000
