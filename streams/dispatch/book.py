"""The book of what left: Redis gives the answers, `dispatches` is the truth that Redis is filled from again."""

import asyncio
import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import msgspec

from engine.decision import ConsentChange, Erasure, Void
from state.ledger import (
    Ask,
    Entry,
    Ledger,
    LedgerAway,
    NeedsRefill,
    Status,
    consent_key,
    erased_key,
    outranks,
    void_key,
)
from state.recall import Recall
from streams.broker.publish import Out, Publisher, PublishError
from streams.broker.reader import read_all
from streams.dispatch.together import Together
from streams.settings import Settings
from streams.touchpoints.record import Record
from streams.touchpoints.wire import DECODE_FAULTS

log = logging.getLogger(__name__)

Log = Callable[[int], AsyncIterator[Sequence[Record]]]
Note = Void | ConsentChange | Erasure
_GONE = (Status.REFUSED, "erased")
_decode = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode


def dispatches_log(settings: Settings) -> Log:
    """Reads a partition of `dispatches` whole, to the end seen at the start."""
    return lambda partition: read_all(settings.brokers, settings.topic("dispatches"), partition)


class Book:
    """The ledger of the partitions opened here. `clock` gives wall time in ms; `on_away` hears whether Redis is away.

    What Redis missed while it was away is in `dispatches`, and comes from there before Redis is asked again.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        ledger: Ledger,
        clock: Callable[[], int],
        log_of: Log,
        on_away: Callable[[bool], None] = lambda _away: None,
    ) -> None:
        self._topic = settings.topic("dispatches")
        self._publisher = Together(publisher)
        self._ledger = ledger
        self._clock = clock
        self._log_of = log_of
        self._on_away = on_away
        self._recall = Recall()
        self._erased: dict[str, Entry] = {}
        self._missed: Counter[int] = Counter()
        self._filled: Counter[int] = Counter()
        self._filling: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.away = False

    async def open(self, partition: int) -> None:
        """Reads the partition of `dispatches` to its end and fills the ledger, at the latest when Redis is back."""
        self._missed[partition] += 1
        try:
            await self._refill(partition)
        except LedgerAway as fault:
            self._mark(fault)
            async for entries in self._entries(partition):
                self._remember(partition, entries)
        self._recall.merge(partition, ())

    async def reserve(self, partition: int, asks: Sequence[Ask]) -> list[Entry]:
        """Asks for each action, in Redis and then durably in `dispatches`. Raises LedgerAway, and PublishError.

        Cancelled, it first gives back what it reserved: nothing of it was handed over.
        """
        return await self._or_back(partition, self._reserve(partition, asks))

    async def reserve_alone(self, partition: int, asks: Sequence[Ask]) -> list[Entry]:
        """The same without Redis, by `dispatches` and the memory of this process: for critical messages only."""
        self._missed[partition] += 1
        return await self._or_back(partition, self._reserve_alone(partition, asks))

    async def settle(self, partition: int, entries: Sequence[Entry]) -> None:
        """Writes what became of actions, durably. Redis being away does not matter here. Raises PublishError."""
        await self._write(partition, entries)
        await self._put(partition, entries)

    async def give_back(self, partition: int, reserved: Sequence[Entry]) -> None:
        """What of these is reserved was not handed over, and will not be: a bare reserve is a message lost."""
        with contextlib.suppress(PublishError):
            await self.settle(partition, self._given_back(reserved))

    async def note(self, partition: int, notes: Sequence[Note]) -> None:
        """Writes voids, consent changes and erasures, durably, like `settle`."""
        entries = [_entry(note, self._clock()) for note in notes]
        await self._write(partition, entries)
        await self._put(partition, entries)

    async def note_erased(self, partition: int, customer: str, code: str) -> None:
        """Writes how far an erasure is that was noted, in the same way."""
        entry = Entry(erased_key(customer), Status.ERASED, self._clock(), code, "note")
        await self._write(partition, [entry])
        await self._put(partition, [entry])

    def erased(self, customer: str) -> bool:
        """Whether an erasure of theirs was noted, in a partition that was opened here; sure only for one open now."""
        return bool(self._erased) and erased_key(customer) in self._erased

    def erasure(self, customer: str) -> Entry | None:
        """What was noted of that erasure last, in the same way."""
        return self._erased.get(erased_key(customer)) if self._erased else None

    def noted(self, partition: int, ask: Ask) -> bool:
        """Whether something noted stops this action, as far as this process knows; the ledger has the last word."""
        return self.erased(ask.customer) or self._recall.noted(partition, ask)

    async def _or_back(self, partition: int, reserving: Coroutine[Any, Any, list[Entry]]) -> list[Entry]:
        """What is reserved; cancelled, it is given back first."""
        asking = asyncio.ensure_future(reserving)
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with contextlib.suppress(LedgerAway, PublishError):
                await self.give_back(partition, await asking)
            raise

    async def _reserve_alone(self, partition: int, asks: Sequence[Ask]) -> list[Entry]:
        # What is recalled of a partition has an end, behind which an erasure is known still.
        asks = [each._replace(verdict=_GONE) if self.erased(each.customer) else each for each in asks]
        answers = await self._recall.reserve(partition, asks, self._clock())
        await self._write(partition, [answer for answer in answers if answer.status is Status.RESERVED])
        return answers

    async def _reserve(self, partition: int, asks: Sequence[Ask]) -> list[Entry]:
        """What Redis missed meanwhile may be a reserve of ours that did not stand in `dispatches` yet: it is asked
        again, so that of two who were given one the second is told so.
        """
        while True:
            answers = await self._ask(partition, asks)
            missed = self._missed[partition]
            try:
                await self._write(partition, [answer for answer in answers if answer.status is Status.RESERVED])
            except PublishError:
                await self._put(partition, self._given_back(answers))
                raise
            if missed == self._missed[partition]:
                return answers

    async def _ask(self, partition: int, asks: Sequence[Ask]) -> list[Entry]:
        try:
            while True:
                await self._refill(partition)
                try:
                    answers = await self._ledger.reserve(partition, asks, self._clock())
                except NeedsRefill:
                    self._missed[partition] += 1
                    continue
                self._mark(None)
                return answers
        except LedgerAway as fault:
            self._mark(fault)
            raise

    async def _refill(self, partition: int) -> None:
        """Returns once Redis holds all that it missed; whoever comes while it is filled waits for that."""
        if self._filled[partition] == self._missed[partition]:
            return
        async with self._filling[partition]:
            while (missed := self._missed[partition]) != self._filled[partition]:
                with contextlib.suppress(NeedsRefill):
                    await self._ledger.refill(partition, self._recalled(partition))
                    self._filled[partition] = missed

    async def _recalled(self, partition: int) -> AsyncIterator[Sequence[Entry]]:
        async for entries in self._entries(partition):
            self._remember(partition, entries)
            yield entries

    async def _entries(self, partition: int) -> AsyncIterator[Sequence[Entry]]:
        async for records in self._log_of(partition):
            yield [entry for record in records if (entry := _read(record)) is not None]

    def _remember(self, partition: int, entries: Sequence[Entry]) -> None:
        """Of settled actions only critical ones are needed without Redis; notes may concern any."""
        kept = [entry for entry in entries if entry.class_ in ("critical", "note")]
        for entry in kept:
            if entry.status is Status.ERASED and outranks(entry, self._erased.get(entry.key, entry)):
                self._erased[entry.key] = entry
        self._recall.merge(partition, kept)

    async def _write(self, partition: int, entries: Sequence[Entry]) -> None:
        if entries:
            outs = [Out(entry.key.encode(), _encode(entry)) for entry in entries]
            await self._publisher.append(self._topic, partition, outs)
            self._remember(partition, entries)

    async def _put(self, partition: int, entries: Sequence[Entry]) -> None:
        try:
            await self._ledger.put(partition, entries)
        except NeedsRefill:
            self._missed[partition] += 1
        except LedgerAway as fault:
            self._missed[partition] += 1
            self._mark(fault)

    def _given_back(self, answers: Sequence[Entry]) -> list[Entry]:
        return [released(answer, self._clock()) for answer in answers if answer.status is Status.RESERVED]

    def _mark(self, fault: LedgerAway | None) -> None:
        away = fault is not None
        if away != self.away:
            self.away = away
            if away:
                log.warning("%s; only critical messages leave until it does, nothing is lost", fault)
            else:
                log.warning("Redis answers the ledger again")
        self._on_away(away)


def released(entry: Entry, at: int) -> Entry:
    """The reserve given back: the action did not leave and may be reserved again."""
    return Entry(entry.key, Status.RELEASED, max(at, entry.at), class_=entry.class_)


def _entry(note: Note, at: int) -> Entry:
    match note:
        case Void():
            return Entry(void_key(note.action), Status.VOID, at, note.code, "note")
        case ConsentChange():
            status = Status.GIVEN if note.given else Status.WITHDRAWN
            return Entry(consent_key(note.customer, note.topic, note.channel), status, note.decided_at, class_="note")
        case Erasure():
            return Entry(erased_key(note.customer), Status.ERASED, at, class_="note")


def _read(record: Record) -> Entry | None:
    if record.value is None:
        return None
    try:
        return _decode(record.value)
    except DECODE_FAULTS as fault:
        log.error("%s/%d/%d: no ledger entry (%s); passed over", record.topic, record.partition, record.offset, fault)
        return None
