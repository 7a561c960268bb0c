"""The plain consumer at the end: notes when it read each record, beside the instant that the record was due at."""

import asyncio
import time
from array import array
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition

from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run

EVENT, TIMER = 0, 1
_MARKS = ((EVENT, b'"scheduled_us":', 1), (TIMER, b'"due_at":', 1000))
MOST = 1_000


class Sink:
    """Reads `run.topics` from their starts; of every `run.every` records one is noted. Never waits for a full batch."""

    def __init__(self, run: Run) -> None:
        self.noted = array("q")
        self._run = run
        self._consumer = Consumer(
            {
                "bootstrap.servers": run.kafka,
                "group.id": f"{run.prefix}-sink",
                "enable.auto.commit": False,
                "fetch.min.bytes": 1,
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 1,
            }
        )

    def open(self) -> None:
        """Assigns all partitions. The topics are the run's own, so that nothing lies on them from before."""
        numbers = range(self._run.partitions)
        self._consumer.assign([TopicPartition(topic, number, 0) for topic in self._run.topics for number in numbers])

    def read(self, stop: asyncio.Event) -> None:
        """Reads until `stop`: the first record that is there, then what else is, then again."""
        while not stop.is_set():
            first = self._consumer.poll(0.1)
            if first is None:
                continue
            now = time.time_ns() // 1000
            for message in (first, *self._consumer.consume(MOST, 0)):
                self._note(message, now)
        self._consumer.close()

    def _note(self, message: Message, now: int) -> None:
        value, offset = message.value(), message.offset()
        if message.error() or value is None or offset is None or offset % self._run.every:
            return
        for kind, mark, factor in _MARKS:
            at = value.find(mark)
            if at >= 0:
                at += len(mark)
                end = min(found for found in (value.find(b",", at), value.find(b"}", at)) if found >= 0)
                self.noted.extend((kind, int(value[at:end]) * factor, now))
                return


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """The sink; what it noted goes to the file `run.out`."""
    sink = Sink(run)
    sink.open()
    reading = asyncio.create_task(asyncio.to_thread(sink.read, asked.stop))
    tell("ready")
    await reading
    Path(run.out).write_bytes(sink.noted.tobytes())
    tell("result", noted=len(sink.noted) // 3)


if __name__ == "__main__":
    play(work)
