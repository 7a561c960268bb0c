"""Stored bytes: what is written is read, what a newer version appended is kept, what is damaged is told."""

import msgspec
import pytest

from engine.customer import Customer, Enrollment, OpenTask
from engine.event import Event
from state.codec import VERSION, CodecError, decode, due_of, encode, epoch_of, speaks
from state.record import Record
from state.walks import Walk, Walks


def a_record() -> Record:
    customer = Customer("c1", "c1", 5, attributes={"email": "a@b.example", "n": 3.5}, attributes_at={"email": 4})
    customer.enrollments.append(Enrollment("e1", "welcome", "v1", "k", 10, 99, {"value": 3}, node="wait-1d", due_at=50))
    record = Record(customer, {"web/0#ab": 41})
    record.say("actions", 0, b"c1", b"{}", 7, journey="welcome", channel="email", headers=[("h", b"v")])
    return record


def test_a_record_comes_back_as_it_was_written() -> None:
    record = a_record()
    value = encode(record, 77)
    found = decode(value)
    assert epoch_of(value) == 77
    assert found.customer == record.customer
    assert (found.applied, found.out_seq, found.outbox) == (record.applied, 1, record.outbox)
    assert found.size == len(value)


def test_the_head_tells_what_a_take_over_needs_without_decoding() -> None:
    record = a_record()
    record.due_at = 50
    value = encode(record, 77)
    assert (due_of(value), speaks(value), decode(value).due_at) == (50, True, 50)
    record.published(record.out_seq)
    record.due_at = 0
    value = encode(record, 77)
    assert (due_of(value), speaks(value)) == (0, False)


def test_an_enrollment_keeps_its_event_and_its_task_and_an_older_one_has_neither() -> None:
    record = a_record()
    assert record.customer is not None
    record.customer.enrollments[0].event = {"total": 3, "meta": {"id": "p1"}}
    record.customer.enrollments[0].task = OpenTask("t1", "hotline", "call-back", 99)
    value = encode(record, 77)
    held, body = decode(value), msgspec.msgpack.decode(value[18:])
    assert held.customer == record.customer
    fields = list(Customer.__struct_fields__)
    enrollment = body[0][fields.index("enrollments")][0]
    del enrollment[list(Enrollment.__struct_fields__).index("task") + 1 :]
    assert enrollment.pop() == ["t1", "hotline", "call-back", 99]
    assert enrollment.pop() == {"total": 3, "meta": {"id": "p1"}}
    older = decode(value[:18] + msgspec.msgpack.encode(body))
    assert older.customer is not None
    assert older.customer.enrollments[0] == a_record().customer.enrollments[0]  # type: ignore[union-attr]


def test_a_router_has_no_customer() -> None:
    record = Record(None, {"web/0#ab": 3}, out_seq=9)
    found = decode(encode(record, 1))
    assert (found.customer, found.applied, found.out_seq) == (None, {"web/0#ab": 3}, 9)


def test_what_a_newer_version_appended_survives_a_read_and_a_write() -> None:
    value = encode(a_record(), 77)
    body = msgspec.msgpack.decode(value[18:])
    body[0].append({"new": "in the customer"})
    body += [None, "new in the record"]
    newer = value[:18] + msgspec.msgpack.encode(body)

    older = decode(newer)
    assert older.customer is not None
    older.customer.attributes["email"] = "new@b.example"
    again = msgspec.msgpack.decode(encode(older, 78)[18:])

    assert again[0][-1] == {"new": "in the customer"}
    assert again[4:] == [None, "new in the record"]
    assert again[0][4]["email"] == "new@b.example"


def test_walks_are_written_only_where_there_are_some() -> None:
    event = Event("b1", "price.dropped", "*", "web", 5, 6, {"sku": "s1"})
    walks = Walks([Walk("b1", "price.dropped", event, 6, 0, 3, 12.5)], 3, {"b1": 6}, {"digest/0": 4}, 2)
    value = encode(Record(None, {"0>1": 4}, walks=walks), 7)
    assert decode(value).walks == walks
    assert decode(encode(decode(value), 8)).walks == walks
    assert len(msgspec.msgpack.decode(encode(a_record(), 7)[18:])) == 4
    newer = value[:18] + msgspec.msgpack.encode([*msgspec.msgpack.decode(value[18:]), "new in the record"])
    again = msgspec.msgpack.decode(encode(decode(newer), 8)[18:])
    assert again[5:] == ["new in the record"]
    assert decode(newer).walks == walks


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"\x01", "expected at least 18"),
        (bytes([VERSION + 1]) + encode(a_record(), 1)[1:], f"stored version {VERSION + 1}, this program reads"),
        (encode(a_record(), 1)[:-3], "damaged"),
        (encode(a_record(), 1)[:18] + b"\xa3abc", "not an array"),
    ],
)
def test_what_cannot_be_read_is_told(value: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        decode(value)
