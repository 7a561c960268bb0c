"""Faust's consumer thread, without the thread: the consumer lives on the worker's own loop (ADR 1)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiokafka
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as stock
from mode.services import Service

from streams.broker.ending import stopped
from streams.broker.fetching import keep_fetching
from streams.broker.publish import METADATA_MAX_AGE_MS
from streams.broker.rows import give_rows
from streams.broker.salvage import Salvage
from streams.broker.watch import Watch

FETCH_WAIT_MS = 250


class LoopConsumer(stock.AIOKafkaConsumerThread):
    """Answers for the thread that Faust expects; every call to it is a plain call on the same loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("thread_loop", None)
        super().__init__(*args, thread_loop=asyncio.get_running_loop(), **kwargs)

    async def start(self) -> None:
        self._thread_started.set()
        await self._default_start()

    async def on_start(self) -> None:
        await super().on_start()
        keep_fetching(self._ensure_consumer())

    async def stop(self) -> None:
        self.set_shutdown()
        await Service.stop(self)
        if self._consumer is not None:
            await stopped(self._consumer)

    def _stopped_set(self) -> None:
        self._stopped.set()

    def set_shutdown(self) -> None:
        self._shutdown.set()

    async def _wakeup_timer_in_thread(self) -> None:
        """Nothing to wake: there is no other thread."""

    async def call_thread(self, fun: Any, *args: Any, **kwargs: Any) -> Any:
        given = fun(*args, **kwargs)
        if asyncio.iscoroutine(given) or asyncio.isfuture(given):
            return await given
        return given

    async def cast_thread(self, fun: Any, *args: Any, **kwargs: Any) -> None:
        await self.call_thread(fun, *args, **kwargs)

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        """The stock consumer's settings, Faust's co-partitioning assignor always, and a shorter wait at the broker."""
        give_rows()
        conf = self.app.conf
        self._assignor = self.app.assignor
        consumer = aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            bootstrap_servers=stock.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=conf.broker_max_poll_records,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            **stock.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )
        self.watch = Watch(consumer)
        self.salvage = Salvage(self.watch)
        return consumer

    async def _commit(self, offsets: Mapping[Any, int]) -> bool:
        """Commits what is still assigned. A broker that is away or a rebalance is no reason to end: positions are in
        `state`.
        """
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        durable = {
            aiokafka.TopicPartition(*spot): OffsetAndMetadata(offset, "")
            for spot, offset in offsets.items()
            if aiokafka.TopicPartition(*spot) in assigned
        }
        try:
            if durable:
                await consumer.commit(durable)
        except (CommitFailedError, IllegalStateError, KafkaError) as fault:
            self.log.warning("positions not committed to the group (%r); the next commit includes them", fault)
            return False
        return True
