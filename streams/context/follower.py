"""The follower of the context topics, held by every worker: what lies around and what was learned, as of now."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from engine.context import Context
from streams.broker.ending import stopped
from streams.broker.publish import METADATA_MAX_AGE_MS, Publisher, PublishError
from streams.broker.security import client_options
from streams.context.records import KINDS, PLACES, ContextFault, put
from streams.learner.records import KIND as MODELS
from streams.learner.records import ModelFault
from streams.learner.records import put as put_model
from streams.metrics.metrics import Metrics
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter

CODE = "context"
"""The code of what this room puts on `context.<kind>.dead`."""
_POLL_MS = 200
_RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class NoContextTopic(Exception):
    """A context topic does not exist under this prefix."""


class Surroundings:
    """Follows the topics. `context` is what decisions ask, changed between decisions, on the loop.

    What cannot be used is logged, counted, put on `context.<kind>.dead`, and changes nothing.
    """

    def __init__(self, settings: Settings, publisher: Publisher, metrics: Metrics) -> None:
        self.context = Context()
        self._things = settings.context_kinds()
        self._topics = {settings.topic(f"context.{kind}"): kind for kind in (*KINDS, *self._things, MODELS)}
        self._publisher = publisher
        self._metrics = metrics
        self._consumer = AIOKafkaConsumer(
            **client_options(settings.brokers),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 << 20,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
        )
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads to the end seen now, then follows in the background.

        Raises NoContextTopic, or aiokafka's KafkaConnectionError where no broker answers.
        """
        await self._consumer.start()
        known = await self._consumer.topics()
        for topic in self._topics:
            if topic not in known:
                raise NoContextTopic(f"topic {topic} does not exist; `sillage topics --migrate` creates it")
        spots = [TopicPartition(topic, 0) for topic in self._topics]
        self._consumer.assign(spots)
        ends = await self._consumer.end_offsets(spots)
        while any([await self._consumer.position(spot) < ends[spot] for spot in spots]):
            await self._take(await self._consumer.getmany(timeout_ms=_POLL_MS))
        self._tell()
        self._following = asyncio.create_task(self._follow(), name="context")

    async def stop(self) -> None:
        """Ends the following; the context stays."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._following
        await stopped(self._consumer)

    async def until_fault(self) -> None:
        """Ends never by itself; raises what ended the following."""
        if self._following is not None:
            await asyncio.shield(self._following)

    async def _follow(self) -> None:
        while True:
            try:
                fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
                if fetched:
                    await self._take(fetched)
                    self._tell()
            except KafkaError as fault:
                log.warning("context: %s; trying again", fault)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _take(self, fetched: Mapping[Any, Sequence[ConsumerRecord]]) -> None:
        for spot, records in fetched.items():
            for record in records:
                try:
                    self._put(self._topics[spot.topic], _key(record), record.value)
                except (ContextFault, ModelFault) as fault:
                    await self._bury(record, str(fault))

    def _put(self, kind: str, key: str, value: bytes | None) -> None:
        if kind == MODELS:
            put_model(self.context.models, key, value)
        else:
            put(self.context, kind, key, value)

    async def _bury(self, record: ConsumerRecord, reason: str) -> None:
        where = f"{record.topic}/{record.partition}/{record.offset}"
        log.error("%s cannot be used, what was known before stays; the reason lies on %s.dead", where, record.topic)
        self._metrics.dead_letters(CODE)
        try:
            await self._publisher.append(f"{record.topic}.dead", 0, [dead_letter(record, CODE, f"{where}: {reason}")])
        except PublishError as fault:
            # The record itself stays on the compacted topic, so nothing is lost but the note of it.
            log.error("context: no dead letter for %s: %s", where, fault)

    def _tell(self) -> None:
        models = self.context.models
        self._metrics.context(MODELS, len(models.offers) + len(models.splits))
        for kind in self._things:
            self._metrics.context(kind, len(self.context.things.get(kind, {})))
        for kind in KINDS:
            self._metrics.context(kind, len(self.context.places if kind == PLACES else self.context.areas))


def _key(record: ConsumerRecord) -> str:
    try:
        return (record.key or b"").decode()
    except UnicodeDecodeError:
        raise ContextFault("the key is no UTF-8; send the id of the thing as the key") from None
