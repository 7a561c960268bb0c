"""Plain Faust: the stock transport, an agent that takes one event after the other, and a Table for the customers."""

import asyncio
import logging
from typing import Any

import faust
from faust.serializers import codecs
from msgspec.json import Encoder

from bench.floor.fill import FIRST_EPOCH
from bench.floor.gauge import Gauge
from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.work import customer_id, decide, known, person
from engine.event import Event, EventArrived
from state.codec import decode, encode
from state.record import Record
from streams.broker.source import Spot
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.record import Row
from streams.worker import wall_ms

BUFFER_RECORDS = 4096
LOOK_SECONDS = 0.1

_json = Encoder().encode


class StoredRecord(codecs.Codec):  # type: ignore[misc]
    """A customer on the table's changelog is in the bytes of every other row."""

    def _dumps(self, obj: Any) -> bytes:
        return encode(obj, FIRST_EPOCH)

    def _loads(self, s: bytes) -> Any:
        return decode(s)


class Done:
    """What the agent did since the gauge was told last: to tell it of each event would cost more than the event."""

    def __init__(self) -> None:
        self.offsets: dict[Spot, int] = {}
        self.actions = 0

    def tell(self, gauge: Gauge) -> None:
        """Brings the gauge up to date."""
        actions, self.actions = self.actions, 0
        gauge.published(actions)
        gauge.durable(self.offsets)


def make_app(run: Run) -> Any:
    """The app: settings as Faust gives them, but for what a fast start on one broker needs."""
    codecs.register("customer", StoredRecord())
    return faust.App(
        f"{run.prefix}.plain",
        broker=f"kafka://{run.kafka}",
        store="memory://",
        datadir=run.data,
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=run.partitions,
        table_standby_replicas=0,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=BUFFER_RECORDS,
        consumer_auto_offset_reset="earliest",
    )


def add_agent(app: Any, run: Run, gauge: Gauge, done: Done) -> None:
    """The agent with its table, and the topic that it says actions on."""
    channel = app.topic(*run.inputs, value_serializer="raw", key_type=bytes, value_type=bytes)
    actions = app.topic(run.topic("actions"), value_serializer="raw", key_type=bytes)
    table = app.Table("customers", partitions=run.partitions)
    # Faust chooses these by the type, and knows only its own models.
    table.key_serializer, table.value_serializer = "raw", "customer"
    decoders = {topic: Decoder(topic, topic.rpartition(".")[2], wall_ms) for topic in run.inputs}

    async def agent(stream: Any) -> None:
        async for given in stream.events():
            message = given.message
            gauge.taken(1)
            event = decoders[message.topic].decode(_row(message))
            if not isinstance(event, Event):
                raise TypeError(event.reason)
            record = table.get(event.customer) or Record(person(_number(event.customer)))
            decision = decide(known(record), EventArrived(event, wall_ms()))
            table[event.customer] = record
            for output in decision.outputs:
                await actions.send(key=message.key, value=_json(output))
                done.actions += 1
            done.offsets[message.topic, message.partition] = message.offset + 1

    app.agent(channel, name="plain")(agent)


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """Plain Faust with the fixed work. `durable` is what it worked on: it waits for no acknowledgement."""
    for name in ("aiokafka", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    gauge = Gauge(run)
    done = Done()
    app = make_app(run)
    add_agent(app, run, gauge, done)
    tell("ready")
    await asked.go.wait()
    await app.start()
    while not (app.crashed or asked.stop.is_set() or gauge.done.is_set()):
        await asyncio.sleep(LOOK_SECONDS)
        done.tell(gauge)
    tell("result", **gauge.figures())
    await app.stop()
    if app.crashed:
        raise app.crash_reason or RuntimeError("Faust crashed without a reason")


def _row(message: Any) -> Row:
    at = int(message.timestamp * 1000)
    return Row(message.topic, message.partition, message.offset, at, message.key, message.value, message.timestamp_type)


def _number(customer: str) -> int:
    """The number of the customer that the fixed work names so."""
    return int(customer.removeprefix(customer_id(0)[:-7]))


if __name__ == "__main__":
    play(work)
