"""A loop written by hand on aiokafka: the same decoding, work and rule of commit as the floor, and nothing else."""

import asyncio
import gc
from collections import defaultdict
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from msgspec.json import Encoder

from bench.floor.fill import FIRST_EPOCH
from bench.floor.gauge import Gauge
from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.work import customer_id, decide, known, person
from engine.event import Event, EventArrived
from state.changelog import POSITIONS, Positions, encode_positions
from state.codec import decode, encode
from state.record import Record
from streams.broker.publish import COMPRESSION
from streams.touchpoints.decoder import Decoder
from streams.worker import wall_ms

TURN = 250
"""Rows between two turns of the loop for others: with a whole fetch in one go rounds and passes took seconds."""
SLICE = 150
SLICES = 25
PASS_SECONDS = 1.0
BATCH_BYTES = 1 << 20

Pair = tuple[bytes, bytes]
_json = Encoder().encode


class Customers:
    """Live customers by key, those not met yet as the bytes in which the floor's store holds them too."""

    def __init__(self, count: int) -> None:
        self._records: dict[bytes, Record | bytes] = {
            customer_id(number).encode(): encode(Record(person(number)), FIRST_EPOCH) for number in range(count)
        }

    def get(self, key: bytes) -> Record:
        found = self._records[key]
        if isinstance(found, bytes):
            found = self._records[key] = decode(found)
        return found


class Loop:
    """Urgent customers at once, state before action, one urgent round in flight; the others once a second."""

    def __init__(self, run: Run, gauge: Gauge) -> None:
        self._run = run
        self._gauge = gauge
        self._customers = Customers(run.customers)
        self._urgent: dict[int, dict[bytes, None]] = defaultdict(dict)
        self._dirty: dict[int, dict[bytes, None]] = defaultdict(dict)
        self._next: dict[TopicPartition, int] = {}
        self._decoders = {topic: Decoder(topic, topic.rpartition(".")[2], wall_ms) for topic in run.inputs}
        self._tasks = asyncio.TaskGroup()
        self._round: asyncio.Task[None] | None = None
        self._rounds = 0
        self._round_ended = asyncio.Event()
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=run.kafka,
            group_id=f"{run.prefix}-hand-written",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=5000,
            max_partition_fetch_bytes=4 << 20,
            fetch_max_wait_ms=250,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=run.kafka,
            acks="all",
            enable_idempotence=True,
            compression_type=COMPRESSION,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=17 << 20,
        )

    async def work(self, tell: Tell, asked: Asked) -> None:
        """Works until all is durable, or asked to end."""
        await self._consumer.start()
        await self._producer.start()
        # The live customers are there to stay: no collection need look at them again.
        gc.freeze()
        tell("ready")
        await asked.go.wait()
        spots = [TopicPartition(topic, number) for topic in self._run.inputs for number in range(self._run.partitions)]
        self._consumer.assign(spots)
        async with self._tasks:
            works = [self._tasks.create_task(self._read()), self._tasks.create_task(self._passes())]
            ends = [asyncio.ensure_future(asked.stop.wait()), asyncio.ensure_future(self._gauge.done.wait())]
            await asyncio.wait([*ends, *works], return_when=asyncio.FIRST_COMPLETED)
            for task in (*works, *ends):
                task.cancel()
        await self._consumer.stop()
        await self._producer.stop()

    async def _read(self) -> None:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=100)
            for spot, rows in fetched.items():
                self._gauge.taken(len(rows))
                for start in range(0, len(rows), TURN):
                    self._apply(spot, rows[start : start + TURN])
                    if self._round is None and any(self._urgent.values()):
                        self._round = self._tasks.create_task(self._urgent_rounds())
                    await asyncio.sleep(0)

    def _apply(self, spot: TopicPartition, rows: list[ConsumerRecord]) -> None:
        read, get = self._decoders[spot.topic].decode, self._customers.get
        urgent, dirty = self._urgent[spot.partition], self._dirty[spot.partition]
        origin, now = f"{spot.topic}/{spot.partition}", wall_ms()
        for row in rows:
            event = read(row)
            if not isinstance(event, Event):
                raise TypeError(f"{origin}/{row.offset}: {event.reason}")
            key = event.customer.encode()
            record = get(key)
            decision = decide(known(record), EventArrived(event, now))
            record.applied[origin] = row.offset
            for output in decision.outputs:
                record.say("actions", spot.partition, key, _json(output), now)
                urgent[key] = None
            if key not in urgent:
                dirty[key] = None
        self._next[spot] = rows[-1].offset + 1

    async def _urgent_rounds(self) -> None:
        while any(self._urgent.values()):
            urgent, self._urgent = self._urgent, defaultdict(dict)
            await asyncio.gather(*(self._urgent_round(number, keys) for number, keys in urgent.items() if keys))
            self._rounds += 1
            self._round_ended.set()
        self._round = None

    async def _urgent_round(self, number: int, keys: Iterable[bytes]) -> None:
        said = [entry for key in keys for entry in self._customers.get(key).outbox]
        dirty = self._dirty[number]
        for key in keys:
            dirty.pop(key, None)
        await self._send("state", number, self._encoded(keys))
        await self._send("actions", number, [(each.key, each.value) for each in said])
        for entry in said:
            self._customers.get(entry.key).published(entry.seq)
            self._dirty[number][entry.key] = None
        self._gauge.published(len(said))

    async def _passes(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            if self._next:
                await self._pass()
            await asyncio.sleep(max(0.0, began + PASS_SECONDS - loop.time()))

    async def _pass(self) -> None:
        """Positions and dirty set as they are at its start; the next round holds what is urgent by then."""
        dirty, self._dirty = self._dirty, defaultdict(dict)
        positions = dict(self._next)
        rounds = self._rounds + 2
        await asyncio.gather(*(self._write(number, list(keys)) for number, keys in dirty.items()))
        while self._round is not None and self._rounds < rounds:
            self._round_ended.clear()
            await self._round_ended.wait()
        await asyncio.gather(*(self._send_positions(number, positions) for number in range(self._run.partitions)))
        await self._consumer.commit({spot: OffsetAndMetadata(offset, "") for spot, offset in positions.items()})
        self._gauge.durable({(spot.topic, spot.partition): offset for spot, offset in positions.items()})

    async def _write(self, number: int, keys: list[bytes]) -> None:
        size = max(SLICE, len(keys) // SLICES)
        for start in range(0, len(keys), size):
            await self._send("state", number, self._encoded(keys[start : start + size]))
            await asyncio.sleep(PASS_SECONDS / SLICES / 2)

    async def _send_positions(self, number: int, positions: dict[TopicPartition, int]) -> None:
        mine = {spot.topic: offset for spot, offset in positions.items() if spot.partition == number}
        await self._send("state", number, [(POSITIONS, encode_positions(Positions(FIRST_EPOCH, mine, {})))])

    def _encoded(self, keys: Iterable[bytes]) -> list[Pair]:
        return [(key, encode(self._customers.get(key), FIRST_EPOCH)) for key in keys]

    async def _send(self, topic: str, number: int, pairs: list[Pair]) -> None:
        futures = []
        batch = self._producer.create_batch()
        for key, value in pairs:
            if batch.append(key=key, value=value, timestamp=None) is None:
                batch.close()
                futures.append(await self._producer.send_batch(batch, self._run.topic(topic), partition=number))
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        batch.close()
        futures.append(await self._producer.send_batch(batch, self._run.topic(topic), partition=number))
        await asyncio.gather(*futures)


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """The hand-written loop with the fixed work."""
    gauge = Gauge(run)
    await Loop(run, gauge).work(tell, asked)
    tell("result", **gauge.figures())


if __name__ == "__main__":
    play(work)
