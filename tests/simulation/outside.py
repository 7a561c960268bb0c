"""What a dispatcher of the simulation meets outside: a ledger that is away or forgets, a provider that breaks off."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Sequence
from random import Random

import msgspec
from simulation.broker import Broker
from simulation.scenario import topic
from simulation.virtual import Loop
from simulation.witness import Violation

from channels.channel import Away, Outgoing, Permanent, Sent, Transient, Unknown
from engine.decision import Action, Output
from state.ledger import Ask, Entry, LedgerAway
from state.recall import Recall
from streams.dispatch.book import Book

_output = msgspec.json.Decoder(Output).decode


class Redis:
    """A Ledger that answers late, is away at times, and can be emptied."""

    def __init__(self, loop: Loop, random: Random) -> None:
        self.away = False
        self.recall = Recall()
        self._loop = loop
        self._random = random

    async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        await self._answers()
        answers = await self.recall.reserve(partition, asks, at)
        await self._answers()
        return answers

    async def put(self, partition: int, entries: Sequence[Entry]) -> None:
        await self._answers()
        await self.recall.put(partition, entries)

    async def refill(self, partition: int, entries: AsyncIterable[Sequence[Entry]]) -> None:
        await self._answers()
        await self.recall.refill(partition, entries)

    async def _answers(self) -> None:
        await self._loop.rest(self._random.random() * 0.003)
        if self.away:
            raise LedgerAway("away")


class Provider:
    """The channel: `left` counts the messages that reached a recipient. `entries` are those of `dispatches`."""

    name = "email"
    at_most_once = True

    def __init__(self, loop: Loop, random: Random, broker: Broker) -> None:
        self.left: Counter[str] = Counter()
        self.shut = False
        self.rate = random.choice((0.0, 0.1, 0.3))
        self._loop = loop
        self._random = random
        self._broker = broker

    async def send(self, outgoing: Outgoing) -> Sent:
        rows = self._broker.rows[topic("dispatches"), 0]
        if outgoing.action_id.encode() not in {row.key for row in rows}:
            self._loop.fail(Violation(f"{outgoing.action_id} was handed over, and no reserve of it is durable"))
        await self._loop.rest(self._random.random() * 0.02)
        if self.shut:
            if self._random.random() < 0.2:
                await self._loop.rest(self._random.random() * 2.0)
            raise Away("shut")
        fault = self._random.choice((Transient, Permanent, Unknown)) if self._random.random() < self.rate else None
        if fault is Transient or fault is Permanent:
            raise fault("refused")
        if fault is None or self._random.random() < 0.5:
            self.left[outgoing.action_id] += 1
        await self._loop.rest(self._random.random() * 0.02)
        if fault is not None:
            raise fault("unknown")
        return Sent("ok")


class Ahead:
    """Reads `actions` ahead, as streams/dispatch/ahead.py does."""

    def __init__(self, broker: Broker, book: Book, start: int) -> None:
        self._broker = broker
        self._book = book
        self._next = start
        self._lock = asyncio.Lock()

    async def caught_up(self, partition: int) -> None:
        async with self._lock:
            rows = self._broker.rows[topic("actions"), partition][self._next :]
            notes = [output for row in rows if not isinstance(output := _output(row.value or b""), Action)]
            if notes:
                await self._book.note(partition, notes)
            self._next += len(rows)

    def noted(self, partition: int) -> int:
        return self._next
