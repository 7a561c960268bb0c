"""A log in memory with the promises of Publisher and Read: what lands, in which order, is in the test's hand."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from streams.broker.publish import Out, Poster, PublishError


class Row(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class FakeLog(Poster):
    """`refuse` names topics whose appends fail; `gate(topic)` holds appends of a topic until it is set;
    `held` counts what it held."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], list[Row]] = defaultdict(list)
        self.refuse: set[str] = set()
        self.now = 1_700_000_000_000
        self.held: Counter[str] = Counter()
        self._gates: dict[str, asyncio.Event] = {}

    def gate(self, topic: str) -> asyncio.Event:
        self._gates[topic] = asyncio.Event()
        return self._gates[topic]

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        if topic in self._gates:
            self.held[topic] += 1
            await self._gates[topic].wait()
        await asyncio.sleep(0)
        if topic in self.refuse:
            raise PublishError(f"{topic}/{partition}: refused by the test")
        return self.land(topic, partition, records)

    def land(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        """Appends as somebody else would."""
        log = self.rows[topic, partition]
        base = self.end(topic, partition)
        for number, (key, value, headers) in enumerate(records, base):
            log.append(Row(topic, partition, number, self.now, 1, key, value, tuple(headers)))
        return base

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        await asyncio.sleep(0)
        found = [row for row in self.rows[topic, partition] if start <= row.offset < end]
        if found:
            yield found

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record; compaction never takes that one."""
        log = self.rows[topic, partition]
        return log[-1].offset + 1 if log else 0

    def compact(self, topic: str, partition: int, upto: int) -> int:
        """Keeps of the records before `upto` the last of each key, as a broker's cleaner does; gives how many went."""
        log = self.rows[topic, partition]
        last = {row.key: row.offset for row in log if row.offset < upto}
        kept = [row for row in log if row.offset >= upto or last[row.key] == row.offset]
        self.rows[topic, partition] = kept
        return len(log) - len(kept)

    def values(self, topic: str, partition: int = 0) -> list[bytes]:
        return [row.value or b"" for row in self.rows[topic, partition]]
