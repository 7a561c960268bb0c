"""The commit protocol over a log in the test's hand: proof before anything leaves, heal, fence, positions."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest
from fakelog import FakeLog, Row
from rig import HOUR, OFFER, T0, Rig, catalog, willing, with_email
from waiting import turns, until

from engine.customer import Customer
from engine.decision import Decision
from engine.event import EventArrived, Input
from state.changelog import POSITIONS, Fold, marker_key, router_key
from state.codec import decode, encode
from state.record import Entry, Record
from state.store import MemoryStore
from streams.broker.publish import Lot, Out, PublishError
from streams.commit import SLICE, Writer
from streams.processor import deciding
from streams.recovery import take_over, unpublished
from streams.session import Session


class Ear:
    """Hears what the session tells."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.durable: list[dict[str, int]] = []
        self.fences: list[str] = []
        self.dead = 0
        self.end: object = None

    def published(self, published: Sequence[tuple[Entry, int]], now_ms: int) -> None:
        self.entries += [entry for entry, _ in published]

    def dead_lettered(self, count: int) -> None:
        self.dead += count

    def proven(self, writer: Writer) -> None:
        assert writer.durable is not None
        self.durable.append(writer.durable.offsets)

    def fenced(self, writer: Writer, reason: str) -> None:
        self.fences.append(reason)


@asynccontextmanager
async def owner(log: FakeLog, rig: Rig, ear: Ear) -> AsyncIterator[tuple[Session, Writer]]:
    """A session that has taken partition 0 over, at work until the block ends."""
    session = Session(log, log.read, lambda name: name, ear.proven, ear.fenced, ear, rig.wall)
    found = await take_over(log, log.read, "state", 0, MemoryStore())
    writer = Writer(rig.partition, found.epoch, found.epoch + 1)
    writer.heal(found.to_heal)
    session.add(writer, unpublished(rig.partition))
    task = asyncio.create_task(session.run())
    try:
        yield session, writer
    finally:
        task.cancel()
        [ear.end] = await asyncio.gather(task, return_exceptions=True)


def counting(log: FakeLog) -> Fold:
    fold = Fold()
    for row in log.rows["state", 0]:
        fold.feed(row.offset, row.key or b"", row.value or b"")
    return fold


def arrives(rig: Rig, session: Session, type_: str = "account.created", customer: str = "c1") -> None:
    rig.put("touchpoints.web", rig.wall.now, type_, customer)
    rig.run()
    session.changed()


async def test_nothing_leaves_before_the_write_that_holds_it_is_acknowledged() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        with_email(rig)
        gate = log.gate("state")
        arrives(rig, session)
        await until(lambda: log.held["state"])
        await turns()
        assert log.values("actions") == []
        gate.set()
        await until(lambda: len(log.values("actions")) == 1)
    [entry] = [entry for entry in ear.entries if entry.topic == "actions"]
    assert decode(counting(log).latest[b"c1"]).out_seq >= entry.seq


async def test_what_became_urgent_waits_until_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it goes in one round with what the other partitions have to say."""
    monkeypatch.setattr("streams.session.TICK_SECONDS", 0.0)
    monkeypatch.setattr("streams.commit.PASS_SECONDS", 3600.0)
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        with_email(rig)
        await session.flush()
        rig.put("touchpoints.web", rig.wall.now, "account.created")
        rig.run()
        await turns()
        assert list(rig.processor.urgent) == [b"c1"]
        session.changed()
        await until(lambda: len(log.values("actions")) == 1)


async def test_another_owners_marker_before_the_write_ends_the_epoch_and_nothing_leaves() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        await session.flush()
        committed = len(ear.durable)
        log.land("state", 0, [Out(marker_key("other"), b"")])
        with_email(rig)
        arrives(rig, session)
        await until(lambda: bool(ear.fences))
        await turns()
        assert log.values("actions") == []
        assert len(ear.durable) == committed
        assert session.writers == {}


async def test_a_stray_record_of_a_dead_owner_is_healed_and_work_goes_on() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, writer):
        with_email(rig, "c1", "c2")
        arrives(rig, session, customer="c1")
        await session.flush()
        stray = encode(Record(None, out_seq=99), 10**9)
        log.land("state", 0, [Out(b"c1", stray)])
        arrives(rig, session, customer="c2")
        await until(lambda: len(log.values("actions")) == 2)
        await session.flush()
    fold = counting(log)
    assert (writer.heals, fold.mark.ignored) == (1, [])
    assert decode(fold.latest[b"c1"]).customer is not None


async def test_positions_cover_only_what_was_written_before_them() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        await session.flush()
        for number in range(40):
            rig.put("touchpoints.web", T0, "page.viewed", f"p{number % 13}")
            rig.run()
            await turns()
        await session.flush()
    taken: dict[bytes, int] = {}
    epoch = 0
    for row in log.rows["state", 0]:
        assert row.key is not None and row.value is not None
        if row.key == POSITIONS:
            fold = Fold()
            fold.mark.marker = epoch
            fold.feed(row.offset, row.key, row.value)
            assert fold.mark.positions is not None
            position = fold.mark.positions.offsets["touchpoints.web/0"]
            assert set(range(position)) <= {n for n in range(40) if taken.get(b"p%d" % (n % 13), -1) >= n}
        elif not row.key.startswith(b"\xffE"):
            taken[row.key] = decode(row.value).applied["touchpoints.web/0#id"]
    assert ear.durable[-1]["touchpoints.web/0"] == 40


def test_positions_are_those_of_the_start_of_a_pass() -> None:
    rig = Rig()
    for number in range(2 * SLICE):
        rig.put("touchpoints.web", T0, "page.viewed", f"p{number}")
    rig.run()
    writer = Writer(rig.partition, 0, 1)
    first = writer.take(lazy=True)
    rig.put("touchpoints.web", rig.wall.now, "page.viewed", "late")
    rig.run()
    second = writer.take(lazy=True)
    assert ([out.key == POSITIONS for out in first], second[-1].key) == ([False] * SLICE, POSITIONS)
    fold = Fold()
    fold.mark.marker = 0
    fold.feed(1, POSITIONS, second[-1].value or b"")
    assert fold.mark.positions is not None
    assert fold.mark.positions.offsets["touchpoints.web/0"] == 2 * SLICE
    assert list(rig.processor.dirty) == [b"late"]


async def test_an_output_stays_in_the_outbox_until_its_publication_is_acknowledged() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        gate = log.gate("actions")
        with_email(rig)
        arrives(rig, session)
        await until(lambda: b"c1" in counting(log).latest)
        assert [said["message"] for said in rig.said()] == ["hello"]
        gate.set()
        await until(lambda: bool(ear.entries) and not rig.said())
        await session.flush()
    assert decode(counting(log).latest[b"c1"]).outbox == []


async def test_what_a_dead_owner_could_not_publish_leaves_with_the_next_under_the_same_id() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    gate = log.gate("actions")
    async with owner(log, rig, ear) as (session, _):
        with_email(rig)
        arrives(rig, session)
        await until(lambda: b"c1" in counting(log).latest)
    decided = [said["id"] for said in rig.said()]
    assert (len(decided), log.values("actions")) == (1, [])
    gate.set()

    found = await take_over(log, log.read, "state", 0, MemoryStore())
    again = Rig(store=found.store)
    async with owner(log, again, ear):
        await until(lambda: len(log.values("actions")) == 1)
    assert [entry_id(value) for value in log.values("actions")] == decided


async def test_an_epoch_begun_anew_clears_what_the_former_ones_entries_are_published_with() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        gate = log.gate("actions")
        with_email(rig, "c1", "c2")
        arrives(rig, session)
        await until(lambda: log.held["actions"])
        arrives(rig, session, customer="c2")
        await until(lambda: decode(counting(log).latest[b"c2"]).outbox)
        session.drop(0)
        found = await take_over(log, log.read, "state", 0, MemoryStore())
        again = Rig(store=found.store)
        session.add(Writer(again.partition, found.epoch, found.epoch + 1), unpublished(again.partition))
        assert len(again.said()) == 2
        gate.set()
        await until(lambda: not again.said())


def entry_id(value: bytes) -> str:
    return str(json.loads(value)["id"])


async def test_what_is_held_leaves_once_with_the_next_owner_or_not_at_all() -> None:
    log, rig, ear = FakeLog(), Rig(definitions=[OFFER]), Ear()
    async with owner(log, rig, ear) as (session, _):
        willing(rig, "bought", "did-not")
        for customer in ("bought", "did-not"):
            rig.put("touchpoints.web", T0, "basket.updated", customer)
        rig.put("touchpoints.web", T0 + 9 * HOUR, "page.viewed", "somebody")
        rig.run()
        await session.flush()
    assert (rig.processor.held, log.values("actions")) == (2, [])

    for expected in (["did-not"], ["did-not"]):
        found = await take_over(log, log.read, "state", 0, MemoryStore())
        assert found.mark.positions is not None
        again = Rig(definitions=[OFFER], store=found.store, clock=found.mark.positions.clock)
        async with owner(log, again, ear) as (session, _):
            again.put("touchpoints.store", again.wall.now - 1, "order.placed", "bought")
            again.wall.now += 1000
            again.run()
            await session.flush()
        assert [json.loads(value)["customer"] for value in log.values("actions")] == expected


async def test_dead_letters_are_published_before_positions_behind_them() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        await session.flush()
        gate = log.gate("touchpoints.web.dead")
        rig.put_bytes("touchpoints.web", T0, b"nonsense")
        rig.run()
        await until(lambda: log.held["touchpoints.web.dead"])
        await turns()
        assert all(offsets["touchpoints.web/0"] == 0 for offsets in ear.durable)
        gate.set()
        await until(lambda: ear.durable[-1]["touchpoints.web/0"] == 1)
    assert log.values("touchpoints.web.dead") == [b"nonsense"]
    assert ear.dead == 1


def breaking(customer: Customer, given: Input) -> Decision:
    """The engine, which breaks on one type of events."""
    if isinstance(given, EventArrived) and given.event.type == "page.viewed":
        raise ValueError("the engine breaks")
    return deciding(catalog)(customer, given)


async def test_a_dead_letter_with_a_header_without_a_value_leaves_with_the_next_owner() -> None:
    log, rig, ear = FakeLog(), Rig(decide=breaking), Ear()
    gate = log.gate("touchpoints.web.dead")
    async with owner(log, rig, ear) as (session, _):
        value = json.dumps({"type": "page.viewed", "customer": "c1"}).encode()
        given = Row("t.touchpoints.web", 0, 0, rig.wall.now, 1, b"c1", value, [("tenant", None)])
        rig.partition.offer("t.touchpoints.web", 0, [given])
        rig.run()
        session.changed()
        await until(lambda: log.held["touchpoints.web.dead"])
    gate.set()
    found = await take_over(log, log.read, "state", 0, MemoryStore())
    async with owner(log, Rig(store=found.store), ear):
        await until(lambda: len(log.values("touchpoints.web.dead")) == 1)
    [letter] = log.rows["touchpoints.web.dead", 0]
    assert ("original.tenant", None) in letter.headers


def test_a_dead_letter_is_written_before_the_record_that_says_its_input_was_taken() -> None:
    rig = Rig(decide=breaking)
    with_email(rig)
    rig.put("touchpoints.web", T0, "account.created")
    rig.put("touchpoints.web", T0, "page.viewed")
    rig.run()
    outs = Writer(rig.partition, 0, 1).take(lazy=False)
    assert [out.key for out in outs] == [router_key("dead"), b"c1"]


async def test_a_write_whose_fate_is_unknown_ends_the_session() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        log.refuse = {"state"}
        with_email(rig)
        arrives(rig, session)
        await until(lambda: not rig.processor.urgent)
        await turns()
    assert isinstance(ear.end, ExceptionGroup)
    assert ear.end.subgroup(PublishError) is not None
    assert log.values("actions") == []


async def test_a_round_that_cannot_be_handed_over_ends_the_session_and_no_positions_pass_what_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        await session.flush()

        def refuses(lots: Sequence[Lot]) -> list[Awaitable[int]]:
            raise PublishError("refused by the test")

        arrives(rig, session, "page.viewed")
        with monkeypatch.context() as patch:
            patch.setattr(log, "post", refuses)
            with pytest.raises(PublishError, match="refused by the test"):
                await session.flush()
        with pytest.raises(PublishError, match="broken off"):
            await session.flush()


async def test_a_flush_cut_short_ends_the_session_and_no_positions_pass_what_it_took() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    async with owner(log, rig, ear) as (session, _):
        await session.flush()
        gate = log.gate("state")
        arrives(rig, session, "page.viewed")
        flushing = asyncio.create_task(session.flush())
        await until(lambda: log.held["state"])
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
        gate.set()
        with pytest.raises(PublishError, match="broken off"):
            await session.flush()
        await turns()
    assert isinstance(ear.end, ExceptionGroup)
    assert ear.end.subgroup(PublishError) is not None
    assert b"c1" not in counting(log).latest
    assert all(offsets["touchpoints.web/0"] == 0 for offsets in ear.durable)


async def test_a_flush_in_the_middle_of_a_pass_with_dead_letters_ends_with_the_positions_of_now() -> None:
    log, rig, ear = FakeLog(), Rig(), Ear()
    session = Session(log, log.read, lambda name: name, ear.proven, ear.fenced, ear, rig.wall)
    await take_over(log, log.read, "state", 0, MemoryStore())
    writer = Writer(rig.partition, 0, 1)
    session.add(writer, [])
    rig.put_bytes("touchpoints.web", T0, b"nonsense")
    rig.run()
    proven = writer.take(lazy=True)
    assert (proven, len(writer.dead_letters())) == ([], 1)
    rig.put_bytes("touchpoints.web", T0, b"more")
    rig.run()
    await session.flush()
    assert log.values("touchpoints.web.dead") == [b"nonsense", b"more"]
    assert ear.durable[-1]["touchpoints.web/0"] == 2


async def test_a_take_over_reads_what_counts_and_heals_what_does_not() -> None:
    log = FakeLog()
    log.land("state", 0, [Out(marker_key("a"), b""), Out(b"c1", encode(Record(None, out_seq=1), 0))])
    log.land("state", 0, [Out(marker_key("b"), b""), Out(b"c1", encode(Record(None, out_seq=2), 0))])
    found = await take_over(log, log.read, "state", 0, MemoryStore())
    record = found.store.get(b"c1")
    assert record is not None
    assert (found.epoch, record.out_seq, found.to_heal) == (4, 1, [b"c1"])
