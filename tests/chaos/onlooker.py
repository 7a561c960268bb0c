"""The onlooker: follows the topics while a run goes on, and knows what is still to come."""

import asyncio
from collections.abc import Callable

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from engine.ids import event_trace_id
from state.ledger import SETTLED
from streams.settings import Settings

TOPICS = ("touchpoints.email", "decisions", "actions", "dispatches")


class _Seen(msgspec.Struct):
    """As much as is needed of a receipt, a trace, an action or a ledger entry."""

    id: str = ""
    customer: str = ""
    kind: str = ""
    key: str = ""
    status: str = ""


_decode = msgspec.json.Decoder(_Seen).decode


class Onlooker:
    """What must be decided (`wanted`, ids of traces) and what was; what must leave and what is settled."""

    def __init__(self, settings: Settings) -> None:
        self.wanted: set[str] = set()
        self._traced: set[str] = set()
        self._sends: set[str] = set()
        self._settled: set[str] = set()
        self._settings = settings

    @property
    def undecided(self) -> int:
        """Inputs that no trace tells of."""
        return len(self.wanted - self._traced)

    @property
    def unsettled(self) -> int:
        """Actions of which the ledger does not say what became of them."""
        return len(self._sends - self._settled)

    async def follow(self) -> None:
        """Reads on until cancelled, through whatever happens to the broker."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        takes: dict[str, Callable[[_Seen], None]] = {
            "touchpoints.email": self._receipt,
            "decisions": lambda seen: self._traced.add(seen.id),
            "actions": lambda seen: self._sends.add(seen.id) if seen.kind == "send" else None,
            "dispatches": lambda seen: self._settled.add(seen.key) if seen.status in SETTLED else None,
        }
        await consumer.start()
        try:
            names = [self._settings.topic(name) for name in TOPICS]
            consumer.assign([TopicPartition(name, p) for name in names for p in range(self._settings.partitions)])
            while True:
                for spot, rows in (await self._fetch(consumer)).items():
                    take = takes[spot.topic.removeprefix(self._settings.topic(""))]
                    for row in rows:
                        take(_decode(row.value))
        finally:
            await consumer.stop()

    def _receipt(self, seen: _Seen) -> None:
        self.wanted.add(event_trace_id(seen.customer, seen.id))

    async def _fetch(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, list]:
        try:
            return await consumer.getmany(timeout_ms=200)
        except KafkaError:
            await asyncio.sleep(0)
            return {}
