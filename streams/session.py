"""One producer session: the epochs of its partitions, their rounds of writes, and what leaves after each proof."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from state.record import Entry, Record
from streams.broker.publish import MAX_BATCH_BYTES, Out, Poster, PublishError
from streams.broker.reader import Read
from streams.commit import Fenced, Leaving, Writer
from streams.observing.faults import said

TICK_SECONDS = 0.02
"""How often a lazy pass under way writes a slice."""
ROUND_SECONDS = 0.004
BACKLOG_ROUND_SECONDS = 0.06
"""From one round to the next at least, and while a backlog is worked off."""
FLUSH_ROUNDS = 4
"""A pass under way and the dead letters before its positions, these, and the same of one pass more."""
MOST_LEAVING = 20_000
"""Entries waiting for publication from which no more inputs are applied."""
MOST_UNWRITTEN = 24_000
"""Records of all partitions that hold what is not written yet from which no more inputs are applied, since each is kept
decoded; from half of them on one pass follows the other, in larger slices."""


class Observer(Protocol):
    """Is told what became durable; all times in seconds."""

    def published(self, published: Sequence[tuple[Entry, int]], now_ms: int) -> None:
        """These outputs were acknowledged by the broker, each with when its record was proven (ms)."""
        ...

    def dead_lettered(self, count: int) -> None:
        """So many records went to dead-letter topics."""
        ...


Outgoing = dict[tuple[str, int], list[tuple[Writer, Leaving]]]
"""What is on its way out, and whose it is, by topic (its name of docs/events.md) and partition."""


class Session:
    """The writers of one producer session by partition. `poster` ends with it, and all its epochs with that.

    `name` turns a name of docs/events.md into a full topic name; `durable(partition, writer)` is called when positions
    were proven; `fenced(partition)` when an epoch ended while the session goes on. `backlog`, set by whoever applies
    inputs, says that many wait in hand. Rounds begin a while apart, then longer, since each has its price however
    little it holds. `moved` is set when anything was written or has left.
    """

    def __init__(
        self,
        poster: Poster,
        read: Read,
        name: Callable[[str], str],
        durable: Callable[[Writer], None],
        fenced: Callable[[Writer, str], None],
        observer: Observer,
        wall: Callable[[], int],
    ) -> None:
        self.writers: dict[int, Writer] = {}
        self.leaving = 0
        self.backlog = False
        self._poster = poster
        self._read = read
        self._name = name
        self._durable = durable
        self._fenced = fenced
        self._observer = observer
        self._wall = wall
        self.moved = asyncio.Event()
        self._wake = asyncio.Event()
        self._out: Outgoing = defaultdict(list)
        self._under_way: Outgoing = {}
        self._out_wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._lock = asyncio.Lock()
        self._broken: BaseException | None = None

    @property
    def congested(self) -> bool:
        """Whether so much waits for publication, or to be written, that no more inputs should be applied."""
        # A tenth is left over, so that a few rounds make room for more than a handful of inputs.
        return self.leaving > MOST_LEAVING or self.room <= MOST_UNWRITTEN // 10

    @property
    def room(self) -> int:
        """How many more records may be changed before those that are not written are too many."""
        return MOST_UNWRITTEN - sum([writer.partition.processor.unwritten for writer in self.writers.values()])

    @property
    def hurried(self) -> bool:
        """Whether a pass should not wait for a while after the one before."""
        return self.room < MOST_UNWRITTEN // 2

    @property
    def oldest_leaving_at(self) -> int | None:
        """When the oldest was proven (ms) of what waits for the broker's acknowledgement; None where nothing does."""
        first = [found[0][1].proven_at for out in (self._under_way, self._out) for found in out.values()]
        return min(first, default=None)

    def add(self, writer: Writer, leaving: list[Leaving]) -> None:
        """A partition was taken over; what its outboxes held leaves first."""
        self.writers[writer.partition.number] = writer
        self._leave(writer, leaving)
        self._wake.set()

    def drop(self, number: int) -> None:
        """The partition is not ours any more."""
        self.writers.pop(number, None)

    def changed(self) -> None:
        """What became urgent goes with the next round; untold, it waits for more."""
        self._wake.set()

    async def run(self) -> None:
        """Writes and publishes until cancelled. Raises PublishError, which ends the session."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._rounds())
                tasks.create_task(self._publications())
        finally:
            # What others wrote in the round that failed may be on its way still, and is nobody's any more.
            self.writers.clear()

    async def settle(self, writer: Writer) -> None:
        """The writer's first positions are durable, so that no later owner begins anywhere else."""
        async with self._lock:
            await self._round([writer], lazy=True, flush=True)

    async def flush(self) -> None:
        """Everything changed is written, its positions too, and what may leave has left.

        Raises what broke a round off; a round that is broken off, also by cancelling this, ends the session.
        """
        for _ in range(FLUSH_ROUNDS):
            async with self._lock:
                await self._round(list(self.writers.values()), lazy=True, flush=True)
        while self.leaving:
            self._idle.clear()
            await self._idle.wait()

    async def _rounds(self) -> None:
        ticked = 0.0
        while True:
            self._refuse_if_broken()
            now = asyncio.get_running_loop().time()
            tick = now - ticked >= TICK_SECONDS
            if tick:
                ticked = now
            told, hurried = self._wake.is_set(), self.hurried
            self._wake.clear()
            writers = [
                writer for writer in self.writers.values()
                if (told and writer.pressing) or (tick and writer.lazy(hurried=hurried))
            ]  # fmt: skip
            if writers:
                async with self._lock:
                    await self._round(writers, lazy=tick)
                pause = BACKLOG_ROUND_SECONDS if self.backlog and not hurried else ROUND_SECONDS
                await asyncio.sleep(now + pause - asyncio.get_running_loop().time())
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._wake.wait()

    async def _round(self, writers: list[Writer], *, lazy: bool, flush: bool = False) -> None:
        """One append for each of these partitions, all at once; then proof, then what may leave is handed on."""
        self._refuse_if_broken()
        rounds: list[Awaitable[None]] = []
        plain: list[tuple[Writer, list[list[Out]]]] = []
        hurried = self.hurried
        for writer in writers:
            if self.writers.get(writer.partition.number) is not writer:
                continue
            wants_lazy = lazy and (flush or writer.lazy(hurried=hurried))
            outs = writer.take(lazy=wants_lazy, flush=flush, hurried=hurried, share=len(writers))
            letters = writer.dead_letters()
            if letters:
                rounds.append(self._with_letters(writer, outs, letters))
            elif outs:
                plain.append((writer, _chunks(outs)))
        topic = self._name("state")
        try:
            posted = self._poster.post([(topic, writer.partition.number, chunks[0]) for writer, chunks in plain])
            rounds += [self._append(*each, first) for each, first in zip(plain, posted, strict=True)]
            await asyncio.gather(*rounds)
            self.moved.set()
        except BaseException as fault:
            # What the round took is no longer dirty, and may not have been written: no later positions may pass it.
            self._broken = fault
            self._wake.set()
            raise

    def _refuse_if_broken(self) -> None:
        if self._broken is not None:
            raise PublishError(f"a round of writes was broken off ({said(self._broken)})") from self._broken

    async def _with_letters(self, writer: Writer, outs: list[Out], letters: list[tuple[str, Out]]) -> None:
        by_topic: dict[str, list[Out]] = defaultdict(list)
        for topic, out in letters:
            by_topic[topic].append(out)
        sends: list[Awaitable[object]] = [
            self._poster.append(self._name(topic), writer.partition.number, found) for topic, found in by_topic.items()
        ]
        if outs:
            chunks = _chunks(outs)
            [first] = self._poster.post([(self._name("state"), writer.partition.number, chunks[0])])
            sends.append(self._append(writer, chunks, first))
        await asyncio.gather(*sends)
        writer.dead_published()
        self._observer.dead_lettered(len(letters))

    async def _append(self, writer: Writer, chunks: list[list[Out]], first: Awaitable[int]) -> None:
        """Appends chunks that are one batch each, so that every gap between acknowledged offsets is seen; the `first`
        is on its way.
        """
        number, topic = writer.partition.number, self._name("state")
        expected = writer.expected
        between: list[tuple[bytes, int]] = []
        for chunk in chunks:
            base = await (first if chunk is chunks[0] else self._poster.append(topic, number, chunk))
            if base != expected:
                between += await self._between(topic, number, expected, base)
            expected = base + len(chunk)
        if self.writers.get(number) is not writer:
            return
        try:
            leaving = writer.landed(expected, between)
        except Fenced as reason:
            self.drop(number)
            self._fenced(writer, str(reason))
            return
        self._leave(writer, leaving)
        if writer.durable is not None:
            self._durable(writer)
            writer.durable = None

    async def _between(self, topic: str, number: int, start: int, end: int) -> list[tuple[bytes, int]]:
        return [(row.key or b"", row.offset) async for rows in self._read(topic, number, start, end) for row in rows]

    def _leave(self, writer: Writer, leaving: list[Leaving]) -> None:
        if leaving:
            now, out = self._wall(), self._out
            for one in leaving:
                one.proven_at = now
                out[one.entry.topic, one.entry.partition].append((writer, one))
            self.leaving += len(leaving)
            self._out_wake.set()

    async def _publications(self) -> None:
        while True:
            await self._out_wake.wait()
            self._out_wake.clear()
            out, self._out = self._out, defaultdict(list)
            self._under_way = out
            lots = [(self._name(topic), n, [_out(one.entry) for _, one in found]) for (topic, n), found in out.items()]
            await asyncio.gather(*self._poster.post(lots))
            self._under_way = {}
            self._acknowledge(out)
            self.moved.set()
            if not self.leaving:
                self._idle.set()

    def _acknowledge(self, out: Outgoing) -> None:
        upto: dict[Record, tuple[Writer, Leaving]] = {}
        published: list[tuple[Entry, int]] = []
        for found in out.values():
            for each in found:
                one = each[1]
                published.append((one.entry, one.proven_at))
                # Those of one record lie in several topics, and in each in the order of their numbers.
                before = upto.get(one.record)
                if before is None or one.entry.seq > before[1].entry.seq:
                    upto[one.record] = each
        for record, (writer, last) in upto.items():
            # Of a partition that was taken over anew the entries of its former epoch may still come, of other records.
            if self.writers.get(writer.partition.number) is writer:
                writer.published(last.key, record, last.entry.seq)
        self.leaving -= len(published)
        self._observer.published(published, self._wall())


def _chunks(outs: list[Out]) -> list[list[Out]]:
    """Cuts a round so that each part is one batch."""
    if sum([len(value or b"") + len(key or b"") + 100 for key, value, _ in outs]) <= MAX_BATCH_BYTES - 1024:
        return [outs]
    chunks: list[list[Out]] = []
    room = 0
    for out in outs:
        size = len(out.key or b"") + len(out.value or b"") + 100
        if size > room or not chunks:
            chunks.append([])
            room = MAX_BATCH_BYTES - 1024
        chunks[-1].append(out)
        room -= size
    return chunks


def _out(entry: Entry) -> Out:
    """The record of an output; its age since it was put into the outbox travels with it."""
    headers = [*entry.headers, ("queued_at", str(entry.queued_at).encode())]
    return Out(entry.key, entry.value, headers)
