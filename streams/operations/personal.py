"""What `sillage person export` gives: one document of all that is kept of one person, in a form of its own."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from engine.customer import Customer, positions
from state.ledger import Entry
from streams.broker.topic_table import declare
from streams.operations.customer import tree
from streams.operations.kept import Item, Kept
from streams.operations.letters import DEAD

NOT_READ = {
    "Redis": "beside the inbox, a copy of what `dispatches` says, by action id or by a hash of the person's id, "
    "and what short links and answers by a number need, sealed, for 90 and 400 days",
    "RocksDB": "a copy of `state` on the disks of workers",
    "budgets, models, context": "hold counts and things, and name nobody",
    "logs and traces": "name people by a keyed hash: `sillage hash` prints it, to look for there",
    "providers": "whoever a message was handed to keeps what it keeps: the mail server, the push service, webhooks, "
    "CRMs, the print house",
}
"""What an export does not hold, and why."""


class Read(msgspec.Struct, frozen=True):
    """A partition that was read from offset `first` up to, not including, `end`, with how many records it had there.

    `found` of them are the person's; `kept` is how long the topic keeps a record.
    """

    topic: str
    partition: int
    first: int
    end: int
    records: int
    found: int
    kept: str


class Answer(msgspec.Struct, frozen=True):
    """One consent: what was answered for a topic and a channel, when (ms), where, and to which version of the text."""

    topic: str
    channel: str
    given: bool
    at: int
    source: str
    text_version: str


class Timer(msgspec.Struct, frozen=True):
    """What time will bring about at `at` (ms): of an enrollment, of a branch of it, or an alarm of a segment."""

    at: int
    what: str
    journey: str = ""
    node: str = ""


class Export(msgspec.Struct, frozen=True):
    """All that is kept of `customer` under `prefix`, as of `read_at` (ms); all instants are ms since 1970.

    `record` is what is remembered (fields as in engine/customer.py), null where nothing is; what it says of consents,
    timers, queued actions and contacts is told once more in a form that is easier to read. `outbox` is decided and not
    yet published, `inbox` what the app shows. The lists behind `outbox` hold records of the topics as they lie there:
    `ledger` what became of each action.
    """

    customer: str
    prefix: str
    read_at: int
    record: dict[str, Any] | None
    erased_at: int
    consents: list[Answer]
    timers: list[Timer]
    queued: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    outbox: list[dict[str, Any]]
    touchpoints: list[Item]
    decisions: list[Item]
    actions: list[Item]
    calls: list[Item]
    tasks: list[Item]
    emitted: list[Item]
    dead_letters: list[Item]
    ledger: list[Entry]
    read: list[Read]
    not_read: dict[str, str]
    inbox: list[dict[str, Any]]
    form: Literal["sillage.person/1"] = "sillage.person/1"


def export_schema() -> dict[str, Any]:
    """What `sillage person export` writes, as docs/schemas/person.schema.json says it."""
    found: dict[str, Any] = msgspec.json.schema(Export)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sillage person export", **found}


def exported(kept: Kept, inbox: list[dict[str, Any]], read_at: int) -> Export:
    """The document of what was read, with what lies in their inbox."""
    customer, record = kept.customer, kept.record
    found: Mapping[str, list[Item]] = kept.items
    return Export(
        customer=kept.customer_id,
        prefix=kept.settings.prefix,
        read_at=read_at,
        record=None if customer is None else tree(customer),
        erased_at=0 if customer is None else customer.erased_at,
        consents=[] if customer is None else _consents(customer),
        timers=[] if customer is None else _timers(customer),
        queued=[] if customer is None else tree(customer.queued),
        contacts=[] if customer is None else tree(customer.contacts),
        outbox=[] if record is None else tree(record.outbox),
        touchpoints=_joined(found, lambda name: name.startswith("touchpoints.") and not name.endswith(DEAD)),
        decisions=kept.found("decisions"),
        calls=kept.found("calls"),
        tasks=kept.found("tasks"),
        emitted=kept.found("emitted"),
        actions=_joined(found, lambda name: name.split(".")[0] == "actions" and not name.endswith(DEAD)),
        dead_letters=_joined(found, lambda name: name.endswith(DEAD)),
        ledger=sorted(kept.ledger.values(), key=lambda entry: (entry.at, entry.key)),
        read=_read(kept),
        not_read=NOT_READ,
        inbox=inbox,
    )


def _consents(customer: Customer) -> list[Answer]:
    found = []
    for key, consent in customer.consent.items():
        topic, _, channel = key.rpartition("/")
        found.append(Answer(topic, channel, consent.given, consent.at, consent.source, consent.text_version))
    return found


def _timers(customer: Customer) -> list[Timer]:
    found = [Timer(at, f"alarm {name}") for name, at in customer.alarms.items()]
    for each in customer.enrollments:
        found += [Timer(spot.due_at, "wait ends", each.journey, spot.node) for spot in positions(each) if spot.due_at]
        if each.expires_at:
            found.append(Timer(each.expires_at, "enrollment ends by its ttl", each.journey))
    return sorted(found, key=lambda timer: (timer.at, timer.journey, timer.what))


def _joined(found: Mapping[str, list[Item]], wanted: Any) -> list[Item]:
    items = [item for name, some in found.items() if wanted(name) for item in some]
    return sorted(items, key=lambda item: (item.at, item.topic, item.partition, item.offset))


def _read(kept: Kept) -> list[Read]:
    ages = {topic.name: topic.kept for topic in declare(kept.settings)}
    return [
        Read(each.topic, each.partition, each.first, each.end, each.records, each.found, ages.get(each.topic, "?"))
        for each in kept.places.values()
    ]
