"""A customer's record as `sillage state inspect` shows it: as lines for people, or as one value for JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from cli.terminal import plain, readable_json, utc
from engine.customer import Customer, Enrollment
from state.record import Entry, Record
from streams.operations.customer import Seen, tree

Section = tuple[str, list[str]]


def whole(seen: Seen, record: Record, journey: str) -> dict[str, Any]:
    """Everything, its fields by name; `journey` (empty for all) narrows enrollments, goals and what is remembered."""
    found: dict[str, Any] = tree(record)
    customer = found["customer"]
    if customer is not None and journey:
        for name in ("enrollments", "goals"):
            customer[name] = [each for each in customer[name] if each["journey"] == journey]
        memory = customer["memory"].items()
        customer["memory"] = {key: value for key, value in memory if key.partition("/")[0] == journey}
    place = {name: tree(getattr(seen, name)) for name in Seen.__struct_fields__ if name != "record"}
    return {"read": place, **found}


def lines(seen: Seen, record: Record, journey: str) -> Iterator[str]:
    """The same for people, instants in UTC; sections without content are left out."""
    yield from _place(seen)
    customer = record.customer
    sections = [] if customer is None else _sections(customer, journey)
    sections += [
        ("outbox (not known to be published)", [_entry(entry) for entry in record.outbox]),
        ("applied (last offset of each origin)", [f"{origin}: {at}" for origin, at in record.applied.items()]),
    ]
    for title, content in sections:
        if content:
            yield f"{title}:"
            yield from (f"  {plain(line)}" for line in content)


def _place(seen: Seen) -> Iterator[str]:
    owner = "the owner's now" if seen.epoch == seen.owner_epoch else f"the owner's now is {seen.owner_epoch}"
    yield f"record at offset {seen.offset}, written {utc(seen.written_at)}, epoch {seen.epoch} ({owner})"
    yield f"{seen.size} bytes, format {seen.version}, next timer {utc(seen.due_at)}"
    if seen.stray:
        yield "a record of a former owner lies after it and does not count; the owner's next take-over writes it anew"


def _sections(customer: Customer, journey: str) -> list[Section]:
    attributes = [f"{name}: {readable_json(value)}" for name, value in customer.attributes.items()]
    goals = [goal for goal in customer.goals if journey in ("", goal.journey)]
    memory = [(key, told) for key, told in customer.memory.items() if journey in ("", key.partition("/")[0])]
    place = customer.position
    return [
        ("known", list(_known(customer))),
        ("attributes", attributes),
        ("identifiers", [f"{kind}: {value}" for kind, value in customer.identifiers.items()]),
        ("consents", list(_consents(customer))),
        ("position", [f"{place.place.lat}, {place.place.lon} at {utc(place.at)}"] if place else []),
        ("enrollments", list(_enrollments(each for each in customer.enrollments if journey in ("", each.journey)))),
        (
            "goals",
            [
                f"{each.journey} {each.version} {each.key}, until {utc(each.until)} ({each.enrollment})"
                for each in goals
            ],
        ),
        (
            "conversations (`sillage conversation` shows them)",
            [
                f"{brand or '-'}: {len(each.turns)} turns, on {each.channel}"
                for brand, each in customer.conversations.items()
            ],
        ),
        (
            "queued (not known to have left)",
            [
                f"{each.action} {each.topic}/{each.channel} at {utc(each.at)} of {each.enrollment}"
                for each in customer.queued
            ],
        ),
        (
            "journeys remembered",
            [f"{key}: entered {utc(told.entered_at)}, left {utc(told.exited_at)}" for key, told in memory],
        ),
    ]


def _known(customer: Customer) -> Iterator[str]:
    yield f"since {utc(customer.created_at)}, last changed {utc(customer.updated_at)}, person {customer.person_key}"
    yield f"ids of {len(customer.seen)} events against repeats"
    if customer.erased_at:
        yield f"erased {utc(customer.erased_at)}"


def _consents(customer: Customer) -> Iterator[str]:
    for key, consent in customer.consent.items():
        source = f", source {consent.source} {consent.text_version}".rstrip() if consent.source else ""
        yield f"{key}: {'yes' if consent.given else 'no'} at {utc(consent.at)}{source}"


def _enrollments(found: Iterable[Enrollment]) -> Iterator[str]:
    for each in found:
        yield f"{each.journey} {each.version}, key {each.key} ({each.id})"
        waits = f"at {each.node or '-'} since {utc(each.arrived_at)}"
        yield f"  {waits}, until {utc(each.due_at)}; entered {utc(each.entered_at)}, ends {utc(each.expires_at)}"
        if each.task is not None:
            yield f"  task {each.task.id} in {each.task.queue}, due {utc(each.task.due_at)}"
        if each.sent:
            yield f"  sent {', '.join(each.sent)}"
        if each.vars:
            yield f"  variables {readable_json(tree(each.vars))}"


def _entry(entry: Entry) -> str:
    label = " ".join(filter(None, (entry.journey, entry.channel)))
    return (
        f"{entry.seq}: {entry.topic}/{entry.partition} {label}, {len(entry.value)} bytes, since {utc(entry.queued_at)}"
    )
