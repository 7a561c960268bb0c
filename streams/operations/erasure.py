"""Erasing a person, and the proof that it is through: what is gone, what is stopped, what stays until when."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from channels.limits import NONE, read_limits
from engine.context import KIND
from engine.customer import Customer
from engine.ids import address_hash
from state.ledger import SETTLED, Status, erased_key
from streams.broker.publish import KafkaPublisher
from streams.broker.topic_table import Topic, declare
from streams.broker.topics import partition_counts
from streams.context.publish import publish, record
from streams.dispatch.errand import Patience
from streams.dispatch.keepers import UNFORGOTTEN
from streams.operations.groups import Groups, read_groups
from streams.operations.inboxes import taken_away
from streams.operations.kept import PROVEN, Item, Kept, Progress
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.tasks.board import Board
from streams.touchpoints.home import home
from streams.touchpoints.instants import iso
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

LOOK_SECONDS = 0.3
SPARE_SECONDS = 50.0
"""What the wait for a proof has beyond the longest reserve: a letter box that is away is asked for half of that."""
CLOCKS_MS = 10_000
"""How far the clocks of machines may be apart."""
_STAYS = {"id", "updated_at", "erased_at"}
"""The fields of a record that an erasure leaves."""


class UnknownPerson(Exception):
    """Nothing is kept of them, so that there is nothing to erase."""


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold, whether it does, and what was seen."""

    name: str
    holds: bool
    seen: str


class Remains(msgspec.Struct, frozen=True):
    """What a topic still holds of the person: so many records, under which id, and of what kind.

    The last of them goes by `until` (ms; 0 where a rule ends it, and no instant).
    """

    topic: str
    records: int
    until: int
    under: str
    what: str


class Proof(msgspec.Struct, frozen=True):
    """What was seen of an erasure at `at` (ms), `complete` where all of it holds; `erased_at` is 0 if it is not."""

    customer: str
    at: int
    complete: bool
    erased_at: int
    checks: list[Check]
    remains: list[Remains]
    form: Literal["sillage.erasure/1"] = "sillage.erasure/1"


def proof_schema() -> dict[str, Any]:
    """What `sillage person erase --json` prints, as docs/schemas/erasure.schema.json says it."""
    found: dict[str, Any] = msgspec.json.schema(Proof)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "sillage person erase --json", **found}


def proof_seconds(settings: Settings) -> float:
    """How long the proof takes at most where all is at work, and a dispatcher was killed with a message in hand."""
    limits = read_limits(settings.limits)
    return max(_reserve_seconds(settings, name) for name in (*limits, "")) + SPARE_SECONDS


def _reserve_seconds(settings: Settings, channel: str) -> float:
    """For so long a message may be reserved at most: its hand-over, a minute behind it, and the end of who was killed.

    Whoever takes over gives up what is not repeatable sooner.
    """
    limits = read_limits(settings.limits).get(channel, NONE)
    return limits.timeout_seconds + Patience().overtake_ms / 1000 + settings.session_seconds


async def erase(
    settings: Settings,
    customer: str,
    reason: str = "",
    seconds: float | None = None,
    progress: Progress = lambda _read, _of: None,
    waiting: Callable[[Sequence[Check]], None] = lambda _missing: None,
) -> Proof:
    """Erases the person unless that was done, and waits for the proof for so many seconds, else for `proof_seconds`.

    The search of what is there is not counted in them. Raises UnknownPerson, PublishError, and what reading raises.
    """
    topics = await asyncio.to_thread(partition_counts, settings)
    kept = Kept(settings, topics, customer)
    async with Sweep(settings.brokers) as sweep:
        await kept.advance(sweep, progress=progress)
        if kept.customer is None and not any(kept.items.values()):
            raise UnknownPerson(customer)
        suppressed = -1
        if kept.customer is None or not kept.customer.erased_at:
            suppressed = await _suppress(settings, kept.customer)
            await _publish(settings, customer, reason)
        seconds = proof_seconds(settings) if seconds is None else seconds
        checks = [*await _await_proof(sweep, kept, seconds, waiting), _suppression(settings, suppressed)]
        noted = kept.ledger.get(erased_key(customer))
        left = "" if noted is None else noted.code.removeprefix(UNFORGOTTEN)
        checks += [Check(*each) async for each in taken_away(settings, customer, left.split())]
        await kept.advance(sweep)
    erased_at = 0 if kept.customer is None else kept.customer.erased_at
    complete = all(each.holds for each in checks)
    return Proof(customer, time.time_ns() // 1_000_000, complete, erased_at, checks, remaining(kept))


async def _await_proof(
    sweep: Sweep, kept: Kept, seconds: float, waiting: Callable[[Sequence[Check]], None]
) -> list[Check]:
    deadline = time.monotonic() + seconds
    while True:
        # What is committed is asked for first: what it covers is then among what is read.
        groups = await asyncio.to_thread(read_groups, kept.settings)
        await kept.advance(sweep, PROVEN)
        checks = proven(kept, groups, time.time_ns() // 1_000_000)
        missing = [each for each in checks if not each.holds]
        if not missing or time.monotonic() > deadline:
            return checks
        waiting(missing)
        await asyncio.sleep(LOOK_SECONDS)


async def _suppress(settings: Settings, customer: Customer | None) -> int:
    """Hashes of the person's addresses go where every worker finds them, if that is kept; gives how many."""
    if KIND not in settings.context_kinds() or customer is None:
        return 0
    known = {**customer.identifiers, **customer.attributes}
    names = [*settings.channel_names(), "phone"]
    found = {address_hash(value) for name in names if isinstance(value := known.get(name), str) and value}
    at = time.time_ns() // 1_000_000
    await publish(settings, KIND, [record({"id": each, "at": at}) for each in sorted(found)])
    return len(found)


def _suppression(settings: Settings, count: int) -> Check:
    if KIND not in settings.context_kinds():
        return Check("suppression", True, f"none is kept: SILLAGE_CONTEXT names no {KIND}")
    told = "by an earlier run" if count < 0 else f"{count} now"
    return Check("suppression", True, f"hashes of addresses on context.{KIND}: {told}")


async def _publish(settings: Settings, customer: str, reason: str) -> None:
    properties = {"reason": reason} if reason else {}
    touchpoint = Touchpoint("customer.erased", customer, id=f"erase-{uuid.uuid4().hex}", properties=properties)
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-person")
    await publisher.start()
    try:
        topic = settings.topic(f"touchpoints.{settings.channel_names()[0]}")
        await publisher.append(topic, home(customer, settings.partitions), [encode_touchpoint(touchpoint)])
    finally:
        await publisher.stop()


def outlived(customer: Customer) -> list[str]:
    """The fields of an erased person's record that still hold something."""
    return [name for name in customer.__struct_fields__ if name not in _STAYS and getattr(customer, name)]


def proven(kept: Kept, groups: Groups, now: int) -> list[Check]:
    """What must hold of an erasure at `now` (ms), and whether it does."""
    return [_record(kept), _timers(kept), _dispatch(kept, groups), _queue(kept, groups), _calls(kept, groups, now),
            _tasks(kept), _ledger(kept)]  # fmt: skip


def _record(kept: Kept) -> Check:
    customer, record = kept.customer, kept.record
    if customer is None or record is None or not customer.erased_at:
        return Check("record", False, "no worker has taken the erasure yet; see that one runs: `sillage lag`")
    left = outlived(customer)
    if left:
        return Check("record", False, f"it still holds {', '.join(left)}")
    if kept.stray:
        return Check("record", False, "a record of a former owner lies behind it; the next take-over writes it anew")
    if record.outbox:
        return Check("record", False, f"{len(record.outbox)} outputs are decided and not known to be published")
    return Check("record", True, "a stub: the id, when it was erased, and offsets of what was applied")


def _timers(kept: Kept) -> Check:
    record, customer = kept.record, kept.customer
    if record is None or customer is None or record.due_at or customer.enrollments or customer.alarms:
        return Check("timers", False, "there are enrollments or alarms")
    return Check("timers", True, "none, and no enrollment")


def _dispatch(kept: Kept, groups: Groups) -> Check:
    """The ledger says so, which every hand-over asks; the position may lag where a provider of others hangs."""
    erasures = [item for item in kept.found("actions") if item.value.get("kind") == "erase"]
    noted = kept.ledger.get(erased_key(kept.customer_id))
    if noted is None or noted.status is not Status.ERASED:
        where = f"it lies at {_at(erasures[-1])}" if erasures else "it is not on `actions` yet"
        return Check("dispatch", False, f"no dispatcher has taken the erasure ({where}); see that one runs")
    if not erasures:
        return Check("dispatch", True, "the ledger refuses all that is theirs; the erasure itself is no longer kept")
    last = erasures[-1]
    position = groups.committed("dispatcher", last.topic, last.partition) or 0
    if not noted.code and position <= last.offset:
        why = "waits until nothing of theirs is in the dispatcher's hands, and what is kept of them was taken away"
        latest = iso(noted.at + int(proof_seconds(kept.settings) * 1000), "seconds")
        return Check("dispatch", False, f"erasure at {_at(last)}, taken; {why}: until {latest} at most, if one runs")
    told = f"nothing is in the dispatcher's hands, which is settled up to {position}"
    return Check("dispatch", True, f"erasure at {_at(last)}, taken; {told}")


def _queue(kept: Kept, groups: Groups) -> Check:
    """One that is reserved may be in the hands of anybody; one that is not is refused, whenever its turn comes."""
    fates: Counter[str] = Counter()
    still: list[Item] = []
    reserved: list[Item] = []
    noted = kept.ledger.get(erased_key(kept.customer_id))
    for id_, item in kept.messages().items():
        entry = kept.ledger.get(id_)
        if entry is not None and entry.status in SETTLED:
            fates[f"{entry.status.value} {entry.code}".strip()] += 1
        elif entry is not None and entry.status is Status.RESERVED:
            reserved.append(item)
        elif noted is not None and noted.code:
            fates["to be refused at their turn"] += 1
        elif item.offset < (groups.committed("dispatcher", item.topic, item.partition) or 0):
            fates["settled"] += 1
        else:
            still.append(item)
    if reserved:
        return Check("queue", False, _reserved(kept, reserved))
    if still:
        return Check("queue", False, f"{len(still)} actions are not settled, the first at {_at(still[0])}")
    told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "none was"
    return Check("queue", True, f"nothing is in anyone's hands; of their actions {told}")


def _reserved(kept: Kept, items: Sequence[Item]) -> str:
    """What is waited for, and until when at most."""
    ends = [kept.ledger[each.value["id"]].at + _reserve_seconds(kept.settings, each.value["channel"]) * 1000
            for each in items]  # fmt: skip
    first = f"{len(items)} actions are reserved and not settled, the first at {_at(items[0])}"
    why = "a dispatcher has it in hand, or was killed with it, and then another refuses it a minute after the hand-over"
    return f"{first}; {why}: until {iso(int(max(ends)), 'seconds')} at most, if one runs"


def _calls(kept: Kept, groups: Groups, now: int) -> Check:
    """One that nobody waits for any more is not made; the position may lag where a service hangs that others ask."""
    asked = [item for item in kept.found("calls") if item.value.get("kind") == "call"]
    still = [item for item in asked if item.offset >= (groups.committed("caller", item.topic, item.partition) or 0)]
    by_event = kept.settings.clock == "event"
    still = [item for item in still if by_event or now < item.value.get("within_at", 0) + CLOCKS_MS]
    if still:
        latest = iso(max(item.value.get("within_at", 0) for item in still) + CLOCKS_MS, "seconds")
        why = "" if by_event else f"; until {latest} at most, when nobody waits for an answer any more"
        return Check("calls", False, f"{len(still)} calls are not settled, the first at {_at(still[0])}{why}")
    return Check("calls", True, f"nothing is queued; {len(asked)} were made or given up")


def _tasks(kept: Kept) -> Check:
    board = Board()
    for item in kept.found("tasks"):
        board.take(msgspec.json.encode(item.value))
    still = board.listed()
    if still:
        return Check("tasks", False, f"{len(still)} are open, the first in {still[0].task.queue}")
    erased = sum(each.closed is not None and each.closed.reason == "erased" for each in board.items.values())
    return Check("tasks", True, f"none is open; {erased} were closed as erased")


def _ledger(kept: Kept) -> Check:
    notes = sum("/" in key for key in kept.ledger)
    about = f"{len(kept.ledger) - notes} entries by action id, {notes} notes by a hash of the id or by action id"
    return Check("ledger", True, f"{about}; none holds an address, a text or the person's id")


def remaining(kept: Kept) -> list[Remains]:
    """What topics still hold of the person, those with nothing left out."""
    table = {topic.name: topic for topic in declare(kept.settings)}
    found = []
    for name, items in sorted(kept.items.items()):
        topic = table.get(kept.settings.topic(name))
        if items:
            until = 0 if topic is None else _until(topic, items)
            found.append(Remains(items[0].topic, len(items), until, *_told(name, items)))
    older = sum(place.found for place in kept.places.values() if place.topic == kept.settings.topic("state")) - 1
    if older > 0:
        what = "values that the stub replaced, until Kafka compacts: at most 2 days and 1 hour, by our settings of it"
        found.append(Remains(kept.settings.topic("state"), older, 0, "the id", what))
    return found


def _until(topic: Topic, items: Sequence[Item]) -> int:
    """When the last of them is gone: its segment is closed by then, and its age is over."""
    kept_ms, segment_ms = topic.config.get("retention.ms"), topic.config["segment.ms"]
    return max(item.at for item in items) + int(kept_ms) + int(segment_ms) if kept_ms is not None else 0


def _told(name: str, items: Sequence[Item]) -> tuple[str, str]:
    """Under which id, and of what kind."""
    if name == "dispatches":
        return "action ids, a hash of the id", "what became of actions; no personal values"
    if name == "decisions":
        redacted = sum(bool(item.value.get("redacted")) for item in items)
        return "the id", f"traces, {redacted} of them redacted"
    return "the id", "records as they came or left"


def _at(item: Item) -> str:
    return f"{item.topic}/{item.partition}/{item.offset}"
