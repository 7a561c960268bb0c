"""How records leave: one idempotent producer session, closed batches, every future awaited with a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from aiokafka import AIOKafkaProducer

from streams.broker.security import Brokers, client_options
from streams.broker.sending import Sender
from streams.observing.faults import said

MAX_BATCH_BYTES = 1 << 20
MAX_REQUEST_BYTES = 17 << 20
COMPRESSION = "snappy"
"""aiokafka's lz4 is that of the highest level: a fifth smaller, at eight times the price."""
METADATA_MAX_AGE_MS = 5_000
"""What a client learned of a broker that has only just come back, or missed, stands for at most so long."""


class Out(NamedTuple):
    """One record to be written; a value of None is a tombstone. Its timestamp is the broker's."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


def weight(out: Out) -> int:
    """About the bytes of a record that waits, with what is around them in memory."""
    return 1_000 + len(out.value or b"") + sum([len(value or b"") for _, value in out.headers])


class PublishError(Exception):
    """A write that is not known to be durable. Never sent again within the session: end it (docs/protocol.md 1.16)."""


Lot = tuple[str, int, Sequence[Out]]
"""What goes to one partition: the topic, its number, and the records."""


class Publisher(Protocol):
    """Something that appends records to a partition of a topic, in order."""

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        """Writes `records` in order and gives the offset of the first once all are durable (acks=all).

        A list larger than a batch goes as several, one after the other. Raises PublishError when the fate of any is
        unknown.
        """
        ...


class Begun:
    """What is awaited of something that was begun: a coroutine made by the wait, so that none is left over unawaited
    where a session ends before.
    """

    __slots__ = ("_arguments", "_function")

    def __init__(self, function: Callable[..., Coroutine[Any, Any, int]], *arguments: Any) -> None:
        self._function = function
        self._arguments = arguments

    def __await__(self) -> Generator[Any, Any, int]:
        return self._function(*self._arguments).__await__()


class Poster(Publisher, Protocol):
    """A Publisher that takes much at once."""

    def post(self, lots: Sequence[Lot]) -> list[Awaitable[int]]:
        """Appends each lot, as `append` does; gives what is to be awaited for each, at most one lot of a partition.

        Where it can, it sends all of them at once and not with the first wait.
        """
        return [Begun(self.append, *lot) for lot in lots]


class Connection(Poster, Protocol):
    """A Poster that lives for one producer session."""

    async def start(self) -> None:
        """Connects. Raises KafkaError or OSError where no broker answers."""
        ...

    async def stop(self) -> None:
        """Ends the session, within a few seconds."""
        ...

    async def broker_answers(self) -> bool:
        """Whether any broker answers now."""
        ...


class KafkaPublisher:
    """A Connection over one aiokafka session. `topic` is the full name. Callers keep at most one append of a partition
    in flight where order matters."""

    def __init__(self, brokers: Brokers, *, timeout_seconds: float = 5.0, client_id: str = "sillage") -> None:
        self._producer = AIOKafkaProducer(
            **client_options(brokers),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            compression_type=COMPRESSION,
            linger_ms=0,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=int(timeout_seconds * 1000),
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
        )
        self._sender = Sender(self._producer, int(timeout_seconds * 1000))
        self._timeout_seconds = timeout_seconds
        self._judging: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connects. Raises aiokafka.errors.KafkaConnectionError where no broker answers."""
        await self._producer.start()

    async def stop(self) -> None:
        """Ends the session and gives its connections back; what is still on its way is given up."""
        await self._sender.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                await self._producer.stop()

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        first: int | None = None
        for batch in self._batches(records):
            offset = await self._offset(topic, partition, self._sent(topic, partition, batch))
            first = offset if first is None else first
        if first is None:
            raise ValueError(f"{topic}/{partition}: nothing to append; give at least one record")
        return first

    def post(self, lots: Sequence[Lot]) -> list[Awaitable[int]]:
        posted: list[Awaitable[int]] = []
        there = self._producer.client.cluster.partitions_for_topic
        for topic, partition, records in lots:
            batches = self._batches(records) if partition in (there(topic) or ()) else []
            if len(batches) == 1:
                future = self._sender.send(topic, partition, batches[0])
                posted.append(Begun(self._offset, topic, partition, Begun(self._acknowledged, future)))
            else:
                posted.append(Begun(self.append, topic, partition, records))
        self._sender.leave()
        return posted

    def _batches(self, records: Sequence[Out]) -> list[Any]:
        batches = [self._producer.create_batch()]
        append = batches[-1].append
        for key, value, headers in records:
            given = list(headers) if headers else []
            if append(key=key, value=value, timestamp=None, headers=given) is not None:
                continue
            batches[-1].close()
            batches.append(self._producer.create_batch())
            append = batches[-1].append
            append(key=key, value=value, timestamp=None, headers=given)
        batches[-1].close()
        return [batch for batch in batches if batch.record_count()]

    async def _sent(self, topic: str, partition: int, batch: Any) -> int:
        there = await self._producer.partitions_for(topic)
        if partition not in there:
            raise PublishError(
                f"the topic has {len(there)} partitions; `sillage topics plan` tells what is not as declared"
            )
        return await self._acknowledged(self._sender.send(topic, partition, batch))

    async def _offset(self, topic: str, partition: int, offset: Awaitable[int]) -> int:
        try:
            found = await offset
        except Exception as fault:
            raise PublishError(f"{topic}/{partition}: a write was not acknowledged ({said(fault)})") from fault
        if found < 0:
            raise PublishError(f"{topic}/{partition}: the broker gave no offset for a write")
        return found

    async def _acknowledged(self, future: asyncio.Future[int]) -> int:
        """Waits on; a broker known to be away does not count towards the limit, which begins anew when it is back."""
        late = asyncio.get_running_loop().call_later(self._timeout_seconds, self._late, future, False)
        try:
            return await future
        finally:
            late.cancel()

    def _late(self, future: asyncio.Future[int], away: bool) -> None:
        """The time of a write is over; whether its broker was `away` at that time before."""
        if not future.done():
            task = asyncio.get_running_loop().create_task(self._judge(future, away))
            self._judging.add(task)
            task.add_done_callback(self._judging.discard)

    async def _judge(self, future: asyncio.Future[int], away: bool) -> None:
        answers = await self.broker_answers()
        if future.done():
            return
        if answers and not away:
            future.set_exception(TimeoutError(f"no answer in {self._timeout_seconds} s from a broker that is up"))
            return
        asyncio.get_running_loop().call_later(self._timeout_seconds, self._late, future, not answers)

    async def broker_answers(self) -> bool:
        """Whether any broker answers a metadata request now."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._producer.client.fetch_all_metadata()
        except Exception:
            return False
        return True
