"""Putting things on the context topics and reading them back, for the command line and for feeds."""

from collections.abc import Mapping, Sequence

import msgspec

from engine.context import Context
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.context.records import ContextFault, put
from streams.settings import Settings

CHUNK = 500


def record(thing: Mapping[str, object]) -> Out:
    """The record of a thing, by its `id`."""
    return Out(str(thing["id"]).encode(), msgspec.json.encode(thing))


def removal(name: str) -> Out:
    """The record that removes the thing of this id."""
    return Out(name.encode(), None)


async def publish(settings: Settings, kind: str, outs: Sequence[Out]) -> None:
    """Publishes records of one kind, in order. Raises PublishError, KafkaError."""
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-context")
    await publisher.start()
    try:
        for start in range(0, len(outs), CHUNK):
            await publisher.append(settings.topic(f"context.{kind}"), 0, outs[start : start + CHUNK])
    finally:
        await publisher.stop()


async def read_context(settings: Settings, kind: str) -> Context:
    """The things of one kind as of the end of the topic seen now; what cannot be used is passed over."""
    context = Context()
    async for rows in read_all(settings.brokers, settings.topic(f"context.{kind}"), 0):
        for row in rows:
            try:
                put(context, kind, (row.key or b"").decode(errors="replace"), row.value)
            except ContextFault:
                continue
    return context
