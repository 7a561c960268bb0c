"""An erasure leaves nothing personal: every field of a customer is filled, also those that are yet to come."""

from typing import Any

import msgspec
import pytest
from msgspec import inspect
from onelife import START_AT, Life, journey_of
from rig import catalog

from engine.context import Asked, Context
from engine.customer import Consent, Customer
from engine.decide import decide, new_customer
from engine.decision import CallErasure, Erasure, TaskClosed
from engine.event import Event, EventArrived, TimerFired
from engine.ids import address_hash
from state.codec import decode, encode
from state.record import Record

MARK = "ann@personal.example"
STAYS = {"id": "c1", "updated_at": START_AT, "erased_at": START_AT}
NAMES = Customer.__struct_fields__


def filled(kind: inspect.Type) -> Any:
    """A value of a type in which every text names the person, and nothing is empty."""
    match kind:
        case inspect.StrType() | inspect.AnyType():
            return MARK
        case inspect.IntType():
            return 7
        case inspect.FloatType():
            return 7.5
        case inspect.BoolType():
            return True
        case inspect.ListType():
            return [filled(kind.item_type)]
        case inspect.DictType():
            return {filled(kind.key_type): filled(kind.value_type)}
        case inspect.TupleType():
            return tuple(map(filled, kind.item_types))
        case inspect.UnionType():
            return filled(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
        case inspect.StructType():
            return kind.cls(*(filled(field.type) for field in kind.fields))
    raise TypeError(f"{kind}: a kind of field that no test knows how to fill")


def full() -> Customer:
    found: Customer = filled(inspect.type_info(Customer))
    return msgspec.structs.replace(found, id="c1", erased_at=0)


def erased(customer: Customer) -> Any:
    event = Event("e1", "customer.erased", "c1", "web", START_AT, START_AT, {}, {})
    return decide(catalog(), customer, EventArrived(event, START_AT), trace_all=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_filled_and_then_gone(name: str) -> None:
    before = full()
    assert name in ("id", "erased_at") or getattr(before, name), "the test does not fill it"
    after = erased(before).customer
    assert getattr(after, name) == STAYS.get(name, getattr(Customer("", "", 0), name))


def test_what_leaves_with_an_erasure_names_nothing_of_the_person_but_the_id() -> None:
    decision = erased(full())
    outputs = [each for each in decision.outputs if not isinstance(each, TaskClosed)]
    assert {type(each) for each in outputs} == {Erasure, CallErasure}
    told = [line for line in decision.trace.lines if line.what != "task_closed"]
    assert MARK not in msgspec.json.encode([outputs, decision.trace.input, told]).decode()
    closed = [each for each in decision.outputs if isinstance(each, TaskClosed)]
    assert {each.reason for each in closed} == {"erased"}


def test_nothing_brings_back_what_was_erased() -> None:
    stub = erased(full()).customer
    event = Event("e2", "customer.updated", "c1", "web", START_AT, START_AT, {"set": {"email": MARK}}, {"email": MARK})
    assert decide(catalog(), stub, EventArrived(event, START_AT)).customer == stub
    assert decide(catalog(), stub, TimerFired(START_AT + 86_400_000)).customer == stub


def test_what_only_a_newer_version_knows_is_gone_too() -> None:
    newer = msgspec.msgpack.decode(encode(Record(full()), 1)[18:])
    newer[0] = [*newer[0], {"address": MARK}]
    record = decode(encode(Record(full()), 1)[:18] + msgspec.msgpack.encode(newer))
    assert MARK.encode() in encode(record, 1)
    record.customer = erased(full()).customer
    assert MARK.encode() not in encode(record, 1)


def told(given_at: int) -> list[str]:
    """What is said of a message to the address, where consent was given at that instant."""
    context = Context()
    context.put_thing("suppressed", address_hash(f" {MARK.upper()}"), b'{"id": "h", "at": %d}' % START_AT)
    life = Life(journey_of(steps=[{"send": "hello"}]))
    stored = new_customer("c9", START_AT)
    stored.attributes = {"email": MARK}
    stored.consent = {"offers/email": Consent(True, given_at)}
    given = EventArrived(Event("e", "began", "c9", "web", START_AT + 9, START_AT + 9, {}, {}), START_AT + 9)
    decision = decide(life.catalog, stored, given, context)
    assert decision.trace is not None
    again = decide(life.catalog, stored, given, Asked(Context(), START_AT + 9, dict(decision.trace.context)))
    assert again == decision
    return [line.code for line in decision.trace.lines if line.what in ("refused", "sent")]


def test_the_address_of_an_erased_person_gets_marketing_only_by_a_newer_consent() -> None:
    assert told(START_AT - 1) == told(START_AT) == ["suppressed"]
    assert told(START_AT + 1) == [""]
