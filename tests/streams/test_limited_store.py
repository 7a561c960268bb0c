"""A store that keeps four decoded records leads to the same changelog, byte by byte, as one that keeps them all."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from fakelog import FakeLog
from rig import BASKET, HOUR, T0, WELCOME, Rig

from state.codec import encode
from state.record import Record
from state.rocks import RocksStore
from state.store import MemoryStore, PartitionStore
from streams.broker.publish import Out
from streams.commit import Leaving, Writer
from streams.recovery import take_over, unpublished

CUSTOMERS = 60
STEPS = 150
KINDS = ("account.created", "basket.updated", "order.placed", "page.viewed", "customer.updated")

Make = Callable[[], PartitionStore]


class Side:
    """One owner after the other over one log; every choice comes from the seed, none from the store."""

    def __init__(self, make: Make, seed: int) -> None:
        self.log = FakeLog()
        self.clock = 0
        self.let_go = 0
        self._make = make
        self._random = Random(seed)
        self._trace_all = seed % 2 == 0
        self._left: list[Leaving] = []
        self._offsets: dict[str, int] = {}

    async def live_through(self) -> None:
        """All steps, with crashes between them, and last writes of everything."""
        await self._begin()
        for _ in range(STEPS):
            await self._step(self._random.random())
        for _ in range(3):
            self._round(flush=True)
        self.rig.processor.store.close()

    async def _begin(self) -> None:
        found = await take_over(self.log, self.log.read, "state", 0, self._make())
        clock = found.mark.positions.clock if found.mark.positions else 0
        self.rig = Rig(
            partitions=2, store=found.store, definitions=(BASKET, WELCOME), clock=clock, trace_all=self._trace_all
        )
        self.rig.wall.now = max(self.rig.wall.now, T0 + 10 * HOUR + self.clock)
        self.rig._offsets = self._offsets
        self.writer = Writer(self.rig.partition, found.epoch, found.epoch + 1, seconds=lambda: self.clock)
        self.writer.heal(sorted(found.to_heal))
        self._left = sorted(unpublished(self.rig.partition), key=lambda one: (one.key, one.entry.seq))

    async def _step(self, choice: float) -> None:
        if choice < 0.55:
            self._events()
        elif choice < 0.8:
            self._round(flush=self._random.random() < 0.3)
        elif choice < 0.92:
            self._publish()
        elif choice < 0.97:
            self.clock += self._random.randrange(2 * HOUR)
            self.rig.wall.now = T0 + 10 * HOUR + self.clock
            self.rig.run()
        else:
            self.rig.processor.store.close()
            await self._begin()

    def _events(self) -> None:
        for _ in range(self._random.randrange(1, 8)):
            self._event()
        self.rig.run()

    def _event(self) -> None:
        customer = f"c{self._random.randrange(CUSTOMERS)}"
        kind = self._random.choice(KINDS)
        properties = {"set": {"email": f"{customer}@x.example"}} if kind == "customer.updated" else {"value": 3}
        number = self._random.randrange(10**9)
        self.rig.put("touchpoints.web", self.rig.wall.now, kind, customer, id=f"e{number}", properties=properties)

    def _round(self, *, flush: bool) -> None:
        """A round lands, now and then behind a dead owner's stray record; what it held may leave."""
        outs = self.writer.take(lazy=flush or self._random.random() < 0.5, flush=flush)
        self.writer.dead_published()
        if not outs:
            return
        if self._random.random() < 0.5:
            self._events()
        between = []
        key = f"c{self._random.randrange(CUSTOMERS)}".encode()
        # Of a record that the same round writes, an owner does not know which of both came first, and heals it.
        if self._random.random() < 0.3 and all(out.key != key for out in outs):
            between = [(key, self.log.land("state", 0, [Out(key, encode(Record(None, out_seq=99), 10**9))]))]
        base = self.log.land("state", 0, outs)
        before = self._live()
        self._left += self.writer.landed(base + len(outs), between)
        self.let_go += before - self._live()

    def _live(self) -> int:
        store = self.rig.processor.store
        assert isinstance(store, MemoryStore | RocksStore)
        return sum(1 for _ in store._live)

    def _publish(self) -> None:
        """Some of what may leave is published and acknowledged, in order."""
        count = len(self._left) if self._random.random() < 0.7 else self._random.randrange(1 + len(self._left))
        leaving, self._left = self._left[:count], self._left[count:]
        for one in leaving:
            entry = one.entry
            self.log.land(entry.topic, entry.partition, [Out(entry.key, entry.value, entry.headers)])
            self.writer.published(one.key, one.record, entry.seq)


def limited(kind: str, folder: Path) -> Make:
    if kind == "memory":
        return lambda: MemoryStore(live=4)
    return lambda: RocksStore(folder, "id", live=4, load_bytes=2_000)


@pytest.mark.parametrize("kind", ["memory", "rocks"])
@pytest.mark.parametrize("seed", range(12))
async def test_letting_records_go_changes_nothing(kind: str, seed: int, tmp_path: Path) -> None:
    freely, tightly = Side(MemoryStore, seed), Side(limited(kind, tmp_path), seed)
    await freely.live_through()
    await tightly.live_through()
    assert freely.log.rows.keys() == tightly.log.rows.keys()
    for spot, rows in freely.log.rows.items():
        mine = [(row.key, row.value, row.headers) for row in rows if not (row.key or b"").startswith(b"\xffE")]
        other = tightly.log.rows[spot]
        assert mine == [(row.key, row.value, row.headers) for row in other if not (row.key or b"").startswith(b"\xffE")]
    assert {topic for topic, _ in freely.log.rows} == {"state", "actions", "decisions", "touchpoints.rekeyed"}
    assert freely.let_go <= 0 < 10 < tightly.let_go
