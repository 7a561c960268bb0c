"""Identities of what the engine makes: hashes of causes, so that a repeat carries the same id (docs/events.md)."""

from hashlib import sha256
from struct import Struct

import msgspec

_encode = msgspec.json.encode
_first_8_bytes = Struct(">Q").unpack_from


def enrollment_id(person_key: str, journey: str, key: str, event_id: str) -> str:
    """The id of the enrollment that this event began: 32 hex digits, the same for every version of the journey."""
    return _digest((person_key, journey, key, event_id))


def action_id(enrollment: str, node: str, visit: int, attempt: int = 1) -> str:
    """The id of what the enrollment sends at its `visit`-th arrival (from 1) at the node; `attempt` counts channels."""
    return _digest((enrollment, node, visit, attempt))


def void_id(action: str) -> str:
    """The id of the record that voids an action; an action is voided once."""
    return _digest(("void", action))


def task_warning_id(task: str) -> str:
    """The id of the record that warns of a task; it is warned of once."""
    return _digest(("warn", task))


def task_closed_id(task: str) -> str:
    """The id of the record that ends a task; it ends once."""
    return _digest(("closed", task))


def task_turn_id(task: str, event_id: str) -> str:
    """The id of the record that tells the people of a task what this event said in their conversation."""
    return _digest(("turn", task, event_id))


def task_refused_id(task: str, reply: str, event_id: str) -> str:
    """The id of the record that tells the people of a task that what they wrote did not reach the person."""
    return _digest(("unsaid", task, reply, event_id))


def consent_id(customer: str, topic: str, channel: str, event_id: str) -> str:
    """The id of the record that tells dispatch of an answer given by this event."""
    return _digest(("consent", customer, topic, channel, event_id))


def erasure_id(customer: str, event_id: str) -> str:
    """The id of the record that tells dispatch that this event erased the customer."""
    return _digest(("erase", customer, event_id))


def address_hash(address: str) -> str:
    """What is kept of the address of a person who was erased: SHA-256, without capitals and outer blanks."""
    return sha256(b"address\n" + address.strip().casefold().encode()).hexdigest()


def call_erasure_id(erasure: str) -> str:
    """The id of the record that tells those who make calls of an erasure, from that of the one for dispatch."""
    return _digest(("calls", erasure))


def event_trace_id(customer: str, event_id: str) -> str:
    """The id of the trace of an event."""
    return _digest(("event", customer, event_id))


def timer_trace_id(customer: str, at: int) -> str:
    """The id of the trace of the timers fired at this instant (ms)."""
    return _digest(("timer", customer, at))


def derived_id(cause: str, number: int | str) -> str:
    """The id of the `number`-th event (from 1) that the decision of a trace, or a visit of a node, brought about."""
    return _digest(("derived", cause, number))


def share(*parts: str | int) -> float:
    """A draw in [0, 1) that is the same for the same parts (docs/events.md)."""
    return _unsigned(_encode(parts)) / 2**64


def seen_hash(event_id: str) -> int:
    """8 bytes of SHA-256 of an event's id, unsigned: what is kept of it to notice a repeat."""
    return _unsigned(event_id.encode())


def _unsigned(given: bytes) -> int:
    found: int = _first_8_bytes(sha256(given).digest())[0]
    return found


def _digest(parts: tuple[str | int, ...]) -> str:
    """JSON keeps the parts apart, whatever they contain."""
    return sha256(_encode(parts)).hexdigest()[:32]
