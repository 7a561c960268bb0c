"""What the fetches of an aiokafka consumer show of a damaged log, seen before the consumer unpacks them."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.protocol.fetch import FetchRequest

from streams.broker.frames import sound_bytes

NONE, CORRUPT_MESSAGE, INVALID_RECORD, SERVER_FAILED = 0, 2, 87, -1
UNREADABLE = (NONE, CORRUPT_MESSAGE, INVALID_RECORD, SERVER_FAILED)
"""The error codes with which brokers serve nothing where they cannot read their own log."""
UNSERVED_SECONDS = 10.0
"""How long a broker may refuse to serve an offset, or serve nothing of it, before its log is suspected."""

PAUSE_SECONDS = 0.05


class DamagedLog(Exception):
    """A log that must be read whole holds what cannot be read; the message gives the place and the cure."""


class Watch:
    """Looks through the fetches of `consumer`, which need not have started; `suspects` tells which
    spots cannot go on, and where.

    aiokafka gets sound frames only: it would misread others, or wait for ever. It still meets batches whose content is
    damaged, and raises; `broke` then finds their spots. Whoever sees to a suspect takes it out.
    """

    def __init__(self, consumer: Any, seconds: Callable[[], float] = time.monotonic) -> None:
        self.suspects: dict[TopicPartition, int] = {}
        self.consumer = consumer
        self.send = consumer._client.send
        self._seconds = seconds
        self._unserved: dict[TopicPartition, tuple[int, float]] = {}
        consumer._client.send = self._sent

    def broke(self) -> bool:
        """Whether a batch could not be unpacked, after the consumer raised; its spot is a suspect now.

        What the same call took of other spots is lost with the fault: each must be sought again.
        """
        fetched = self.consumer._fetcher._records.items()
        broken = {spot: result._partition_records.next_fetch_offset for spot, result in fetched if _broke(result)}
        self.suspects.update(broken)
        return bool(broken)

    async def whole(self, timeout_ms: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What the consumer's fetches bring of logs that must not be read around. Raises DamagedLog."""
        found = "is not served by the broker, or has no sound header"
        try:
            fetched = await self.consumer.getmany(timeout_ms=timeout_ms)
        except Exception as fault:
            if not self.broke():
                raise
            fetched, found = {}, f"cannot be unpacked ({fault!r})"
        for spot, offset in self.suspects.items():
            raise DamagedLog(
                f"{spot.topic}/{spot.partition}: the batch at offset {offset} {found}, expected a sound log; what it "
                "holds cannot be known otherwise, so nothing goes on: stop all processes, put this partition's log "
                "back from another replica or a backup, and start them again"
            )
        return fetched  # type: ignore[no-any-return]

    async def _sent(self, node_id: Any, request: Any, **more: Any) -> Any:
        response = await self.send(node_id, request, **more)
        if isinstance(request, FetchRequest):
            self._look(request, response)
            if self._unserved:
                # aiokafka asks again at once, for as long as nothing comes.
                await asyncio.sleep(PAUSE_SECONDS)
        return response

    def _look(self, request: Any, response: Any) -> None:
        asked = {(topic, found[0]): found[1] for topic, partitions in request.topics for found in partitions}
        for topic, partitions in response.topics:
            for number, (partition, error, highwater, *rest) in enumerate(partitions):
                spot, data = TopicPartition(topic, partition), rest[-1]
                if error or not data:
                    self._nothing(spot, asked[topic, partition], error, highwater)
                    continue
                self._unserved.pop(spot, None)
                upto, rest_is_cut_off = sound_bytes(data, highwater)
                if not rest_is_cut_off:
                    partitions[number] = (partition, error, highwater, *rest[:-1], data[:upto])
                    if not upto:
                        self.suspects[spot] = asked[topic, partition]

    def _nothing(self, spot: TopicPartition, offset: int, error: int, highwater: int) -> None:
        """The broker served nothing: at the end of the log as it should, else it is suspect when that goes on."""
        if error not in UNREADABLE or (not error and offset >= highwater):
            self._unserved.pop(spot, None)
            return
        now = self._seconds()
        before, since = self._unserved.get(spot, (-1, now))
        if before != offset:
            since = now
        self._unserved[spot] = (offset, since)
        if now - since >= UNSERVED_SECONDS:
            self.suspects[spot] = offset


def _broke(result: Any) -> bool:
    """Whether aiokafka's iterator over what it fetched ended by an exception: it stays in place then, without a frame.

    One that ended well is gone.
    """
    records = getattr(result, "_partition_records", None)
    return records is not None and records._records_iterator is not None and records._records_iterator.gi_frame is None
