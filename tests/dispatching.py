"""A small post office for tests: the real dispatcher and book, over a log in memory and a channel that obeys."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from channels.channel import Outgoing, Sent
from channels.limits import Limits
from engine.decision import Action, Output
from journeys.messages.model import Message
from journeys.model import MessageHead
from state.ledger import Ledger
from streams.broker.publish import Out, PublishError
from streams.dispatch.book import Book
from streams.dispatch.dispatcher import Dispatcher
from streams.dispatch.errand import Patience
from streams.dispatch.parking import Parking
from streams.settings import Settings

HELLO = Message("hello", MessageHead(subject="Hello {{ customer.name }}"), {"email.txt": "Dear {{ customer.name }}"})
NOW = 1_700_000_000_000
QUICK = Patience(
    attempts=3,
    first_seconds=0.02,
    greatest_seconds=0.05,
    message_seconds=0.1,
    settle_ms=200,
    overtake_ms=400,
    wind_up_seconds=0.2,
    park_seconds=0.1,
    busy_seconds=0.3,
    again_seconds=0.2,
    breaker_seconds=0.05,
)


@dataclass(frozen=True)
class Row:
    """A record as the dispatcher reads it."""

    value: bytes | None
    offset: int = 0
    topic: str = "t.actions"
    partition: int = 0
    timestamp: int = NOW
    timestamp_type: int = 1
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Shelf:
    """A Publisher in memory; `refuse` says which topics fail now, as a crash or a broken session would."""

    def __init__(self) -> None:
        self.logs: defaultdict[tuple[str, int], list[Out]] = defaultdict(list)
        self.refuse: Callable[[str, Sequence[Out]], bool] = lambda _topic, _records: False

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        await asyncio.sleep(0)
        if self.refuse(topic, records):
            raise PublishError(f"{topic}/{partition}: refused by the test")
        log = self.logs[topic, partition]
        log.extend(records)
        return len(log) - len(records)

    async def read(self, topic: str, partition: int) -> AsyncIterator[Sequence[Row]]:
        """The whole log, in two batches."""
        rows = [Row(out.value, offset, topic, key=out.key) for offset, out in enumerate(self.logs[topic, partition])]
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            yield half

    def values(self, name: str) -> list[dict[str, Any]]:
        """The JSON values of a topic, of all partitions, by the end of its name."""
        logs = [log for (topic, _), log in self.logs.items() if topic.endswith(name)]
        return [json.loads(out.value) for log in logs for out in log if out.value]


class Hatch:
    """A channel that does what `script` says for an action: exceptions to raise, callables to await, else it sends."""

    name = "email"
    at_most_once = True

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.script: defaultdict[str, list[Any]] = defaultdict(list)

    async def send(self, outgoing: Outgoing) -> Sent:
        steps = self.script[outgoing.action_id]
        step = steps.pop(0) if steps else None
        if callable(step):
            await step()
        elif step is not None:
            raise step
        self.sent.append(outgoing)
        return Sent("ok")

    async def close(self) -> None:
        return None

    def ids(self) -> list[str]:
        """The action ids that left, in order."""
        return [outgoing.action_id for outgoing in self.sent]


class AllNoted:
    """Nothing lies ahead."""

    def __init__(self) -> None:
        self.asked = 0

    async def caught_up(self, partition: int) -> None:
        self.asked += 1

    def noted(self, partition: int) -> int:
        return 0


class Tally:
    """Gauges that can be read back."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.seconds: list[float] = []
        self.unresolved = 0
        self.errors: list[tuple[str, str]] = []
        self.took: dict[tuple[str, str], list[float]] = {}
        self.conflicts = 0
        self.away: dict[str, bool] = {}
        self.parking: Counter[str] = Counter()

    def provider_error(self, provider: str, code: str) -> None:
        self.errors.append((provider, code))

    def action_to_provider(self, journey: str, channel: str, seconds: Iterable[float]) -> None:
        self.took.setdefault((journey, channel), []).extend(seconds)

    def ledger_conflicts(self, count: int) -> None:
        self.conflicts += count

    def provider_away(self, provider: str, away: bool) -> None:
        self.away[provider] = away

    def parked(self, provider: str, count: int) -> None:
        self.parking[provider] += count

    def unresolved_reserves(self, count: int) -> None:
        self.unresolved = count

    def dispatches(self, channel: str, code: str, count: int = 1) -> None:
        self.counts[channel, code] += count

    def provider_answered(self, provider: str, seconds: Iterable[float]) -> None:
        self.seconds += seconds


@dataclass
class Office:
    """One dispatcher process over shared `shelf`, `ledger` and `hatch`; `another()` is a second one, or a restart."""

    settings: Settings
    ledger: Ledger
    shelf: Shelf = field(default_factory=Shelf)
    hatch: Hatch = field(default_factory=Hatch)
    patience: Patience = QUICK
    ahead: Any = field(default_factory=AllNoted)
    messages: dict[str, Message] = field(default_factory=lambda: {HELLO.content_hash: HELLO})
    gone: list[tuple[bytes | None, str]] = field(default_factory=list)
    clock: Callable[[], int] | None = None
    tally: Tally = field(default_factory=Tally)
    left: list[str] = field(default_factory=list)
    links: Any = None
    limits: dict[str, Limits] = field(default_factory=dict)
    rates: Any = None
    parking: Parking | None = None
    others: Sequence[Any] = ()

    def __post_init__(self) -> None:
        self.now = NOW
        clock = self.clock or self._ticking
        self.book = Book(self.settings, self.shelf, self.ledger, clock, self._log)
        self.dispatcher = Dispatcher(
            self.settings,
            self.shelf,
            self.book,
            self.ahead,
            {channel.name: channel for channel in (self.hatch, *self.others)},
            self.messages.get,
            clock,
            self._dead,
            gauges=self.tally,
            on_sent=lambda sent, rendered: self.left.append(f"{sent.id}: {rendered.subject}"),
            patience=self.patience,
            links=self.links,
            limits=self.limits,
            rates=self.rates,
            parking=self.parking,
        )

    def another(self, **changed: Any) -> "Office":
        kept = {"shelf": self.shelf, "hatch": self.hatch, "patience": self.patience, "clock": self._ticking}
        return Office(self.settings, changed.pop("ledger", self.ledger), **{**kept, **changed})

    async def open(self) -> "Office":
        await self.book.open(0)
        return self

    async def take(self, *outputs: Output, queued_at: int | None = None) -> None:
        await self.dispatcher.take(0, rows(*outputs, queued_at=self._ticking() if queued_at is None else queued_at))

    def receipts(self) -> list[tuple[str, str, str]]:
        """Type, action and code of each receipt, in order, repeats included."""
        found = [(value["type"], value["properties"]) for value in self.shelf.values("touchpoints.email")]
        return [(kind, properties["action_id"], properties.get("code", "")) for kind, properties in found]

    def _ticking(self) -> int:
        return self.now + int(asyncio.get_running_loop().time() * 1000)

    def _log(self, partition: int) -> AsyncIterator[Sequence[Row]]:
        return self.shelf.read(self.settings.topic("dispatches"), partition)

    async def _dead(self, record: Any, code: str, reason: str) -> None:
        self.gone.append((record.value, code))


def rows(*outputs: Output, queued_at: int) -> list[Row]:
    headers = [("queued_at", str(queued_at).encode())]
    return [Row(msgspec.json.encode(output), offset, headers=headers) for offset, output in enumerate(outputs)]


def action(id_: str = "a1", **changed: Any) -> Action:
    """A marketing e-mail to Ann."""
    fields: dict[str, Any] = {
        "id": id_,
        "customer": "ann",
        "journey": "welcome",
        "version": "v",
        "enrollment": "e",
        "step": "hello",
        "message": "hello",
        "message_hash": HELLO.content_hash,
        "channel": "email",
        "topic": "offers",
        "recipient": "ann@example.org",
        "variables": {"customer": {"name": "Ann"}},
        "decided_at": 1000,
    }
    return Action(**{**fields, **changed})
