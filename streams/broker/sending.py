"""How closed batches reach the leaders of their partitions: one request a turn of the event loop for each broker."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError, NoError, ProducerClosed, RequestTimedOutError, for_code
from aiokafka.protocol.produce import ProduceRequest

ALL_IN_SYNC = -1
AGAIN_SECONDS = 0.1
"""How long a batch rests that a broker did not take, or whose partition has no leader, before it is sent again."""
SEQUENCES = 1 << 31
"""A sequence number after the last of these is 0 again (org.apache.kafka.common.record.DefaultRecordBatch)."""


class Batch:
    """One closed batch on its way; `acknowledged` gives its first offset, or why it will not be sent again."""

    __slots__ = ("acknowledged", "builder", "data", "place")

    def __init__(self, place: TopicPartition, builder: Any, acknowledged: asyncio.Future[int]) -> None:
        self.place = place
        self.builder = builder
        self.data: bytes | None = None
        self.acknowledged = acknowledged


class Sender:
    """The batches of one idempotent session.

    aiokafka's own sender has one request in flight for each broker, and takes some ten turns of the loop from a batch
    to its answer; beside a worker that is busy each of them waits. Here a request leaves with the turn its batches came
    in, whatever is in flight; of one partition there is one batch in flight, so that their order holds.
    """

    def __init__(self, producer: AIOKafkaProducer, timeout_ms: int) -> None:
        self._producer = producer
        self._client: AIOKafkaClient = producer.client
        self._timeout_ms = timeout_ms
        self._queues: dict[TopicPartition, deque[Batch]] = {}
        self._ready: list[Batch] = []
        self._sequences: dict[TopicPartition, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, topic: str, partition: int, builder: Any) -> asyncio.Future[int]:
        """Hands over a closed batch; gives its first offset once it is durable, or raises KafkaError in that place.

        A broker that is away, or leads the partition no more, is asked again until the future is done, which its holder
        may do.
        """
        place = TopicPartition(topic, partition)
        batch = Batch(place, builder, asyncio.get_running_loop().create_future())
        queue = self._queues.get(place)
        if queue is None:
            self._queues[place] = deque([batch])
            self._go(batch)
        else:
            queue.append(batch)
        return batch.acknowledged

    async def stop(self) -> None:
        """Gives up what is on its way: whether it landed is not known."""
        self._ready.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._queues.values():
            for batch in queue:
                if not batch.acknowledged.done():
                    batch.acknowledged.set_exception(ProducerClosed())

    def _go(self, batch: Batch) -> None:
        if not self._ready:
            asyncio.get_running_loop().call_soon(self.leave)
        self._ready.append(batch)

    def leave(self) -> None:
        """Sends what became ready in this turn; untold, it leaves with the next."""
        ready, self._ready = self._ready, []
        by_node: dict[int | None, list[Batch]] = defaultdict(list)
        leader = self._client.cluster.leader_for_partition
        for batch in ready:
            if batch.acknowledged.done():
                self._free(batch)
            else:
                by_node[leader(batch.place)].append(batch)
        for node, batches in by_node.items():
            task = asyncio.get_running_loop().create_task(self._work(node, batches))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _work(self, node: int | None, batches: Sequence[Batch]) -> Coroutine[Any, Any, None]:
        """What is left to do for batches whose leader is `node`, once they are on the wire."""
        if node is None or node < 0:
            return self._later(batches)
        try:
            return self._exchange(batches, self._sent(node, batches))
        except KafkaError:
            return self._later(batches)

    def _sent(self, node: int, batches: Sequence[Batch]) -> Awaitable[Any]:
        """Writes a request at once where the broker is connected, and gives what waits for its response."""
        topics: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        for batch in batches:
            topics[batch.place.topic].append((batch.place.partition, self._data(batch)))
        request = ProduceRequest(None, ALL_IN_SYNC, self._timeout_ms, list(topics.items()))
        connection = self._client._conns.get((node, ConnectionGroup.DEFAULT))
        if connection is None or not connection.connected():
            response: Awaitable[Any] = self._client.send(node, request)
            return response
        return _in_time(connection, connection.send(request))

    def _data(self, batch: Batch) -> bytes:
        """The bytes of a batch, the same however often it is sent, so that a broker knows it again."""
        if batch.data is None:
            session, first = self._producer._txn_manager, self._sequences[batch.place]
            batch.builder._set_producer_state(session.producer_id, session.producer_epoch, first)
            self._sequences[batch.place] = (first + batch.builder.record_count()) % SEQUENCES
            batch.data = batch.builder._build()
        return batch.data

    async def _exchange(self, batches: Sequence[Batch], response: Awaitable[Any]) -> None:
        places = [batch.place for batch in batches]
        # A partition that an answer leaves out is sent again: the broker knows what it has.
        answers: dict[TopicPartition, int | Exception] = dict.fromkeys(places, RequestTimedOutError())
        try:
            answers |= _answers(await response)
        except (KafkaError, OSError) as fault:
            answers = dict.fromkeys(places, fault)
        again = []
        for batch in batches:
            answer = answers[batch.place]
            if batch.acknowledged.done():
                self._free(batch)
            elif isinstance(answer, int):
                batch.acknowledged.set_result(answer)
                self._free(batch)
            elif isinstance(answer, OSError) or getattr(answer, "retriable", False):
                again.append(batch)
            else:
                batch.acknowledged.set_exception(answer)
                self._free(batch)
        if again:
            await self._later(again)

    async def _later(self, batches: Sequence[Batch]) -> None:
        """Sends them again after a while; by then the cluster may have told of another leader."""
        self._client.force_metadata_update()
        await asyncio.sleep(AGAIN_SECONDS)
        for batch in batches:
            self._go(batch)

    def _free(self, batch: Batch) -> None:
        """The next batch of the partition may go."""
        queue = self._queues[batch.place]
        queue.popleft()
        if queue:
            self._go(queue[0])
        else:
            del self._queues[batch.place]


async def _in_time(connection: Any, response: Awaitable[Any]) -> Any:
    """A broker that does not answer in time is connected to anew, as `AIOKafkaClient.send` does."""
    try:
        return await response
    except TimeoutError as fault:
        connection.close(reason=CloseReason.CONNECTION_TIMEOUT)
        raise RequestTimedOutError from fault


def _answers(response: Any) -> dict[TopicPartition, int | Exception]:
    """For each partition of a response the first offset of its batch, or why there is none."""
    return {
        TopicPartition(topic, partition): offset if code == NoError.errno else for_code(code)()
        for topic, partitions in response.topics
        for partition, code, offset, *_ in partitions
    }
