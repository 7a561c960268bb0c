"""`sillage learner` as a process: reads what was decided and what became of it, and publishes models."""

import asyncio
import logging

from aiokafka.errors import KafkaError

from streams.broker.publish import Out, PublishError
from streams.broker.reader import read_all
from streams.broker.source import Spot
from streams.broker.topics import partition_counts
from streams.learner.contests import Contests
from streams.learner.learning import Learning
from streams.learner.logistic import Trainer, available
from streams.learner.reading import Reading
from streams.learner.records import KIND, splits_of
from streams.learner.rules import rule_of
from streams.process import AGAIN_SECONDS, PATIENCE_MS, Shared, until
from streams.settings import Settings
from streams.touchpoints.record import Record
from streams.worker import FAILED_SESSIONS, wall_ms

log = logging.getLogger("sillage.learner")

TOLD_EVERY_MS = 600_000
"""How often it is written down how far the learner is, where nothing else is published."""


async def run_learner(settings: Settings, stop: asyncio.Event) -> None:
    """Runs a learner until `stop` is set. Raises what ended it otherwise.

    After a fault of the broker it begins anew from what it published: nothing is counted twice.
    """
    failures = 0
    while True:
        began_at = wall_ms()
        try:
            return await _learn(settings, stop)
        except (PublishError, KafkaError) as fault:
            failures = failures + 1 if wall_ms() - began_at < PATIENCE_MS else 1
            if stop.is_set() or failures >= FAILED_SESSIONS:
                raise
            log.warning("learner: %s; it begins anew", fault)
        await asyncio.sleep(AGAIN_SECONDS)


async def published(settings: Settings) -> dict[str, bytes]:
    """What lies on `context.models` now, by key."""
    found: dict[str, bytes] = {}
    async for rows in read_all(settings.brokers, settings.topic(f"context.{KIND}"), 0):
        for row in rows:
            key = (row.key or b"").decode(errors="replace")
            if row.value is None:
                found.pop(key, None)
            else:
                found[key] = row.value
    return found


async def inputs(settings: Settings, horizon: int) -> dict[Spot, int]:
    """All partitions of `decisions`, from their start, and of the touchpoint topics there are, from an append time on.

    What is known of splits is counted anew from all traces that there are, each once.
    """
    counts = await asyncio.to_thread(partition_counts, settings)
    start, decisions = settings.topic("touchpoints."), settings.topic("decisions")
    wanted = {
        name: count
        for name, count in counts.items()
        if name == decisions or (name.startswith(start) and not name.endswith(".dead"))
    }
    return {
        (name, partition): 0 if name == decisions else horizon
        for name, count in sorted(wanted.items())
        for partition in range(count)
    }


class Learner:
    """A learning, what it reads, and where it publishes: one round is what a timer calls."""

    def __init__(self, settings: Settings, shared: Shared, learning: Learning, contests: Contests) -> None:
        self.ready = False
        self._settings = settings
        self._shared = shared
        self._learning = learning
        self._contests = contests
        self._decisions = settings.topic("decisions")
        self._told_at = 0
        self.reading = Reading(settings.brokers, self.take)

    def take(self, record: Record) -> None:
        """Takes a record of any of the topics."""
        if record.topic != self._decisions:
            self._learning.take_touchpoint(record)
        elif (found := self._learning.take_decision(record)) is not None:
            self._contests.take(found)

    async def teach(self) -> None:
        """Settles and publishes, for as long as it runs."""
        while True:
            await asyncio.sleep(self._settings.learn_seconds)
            await self.round()

    async def round(self) -> None:
        """Counts what is over by now, and publishes what changed. Raises PublishError, KafkaError."""
        learning = self._learning
        stamp, all_read = await self.reading.read_to(wall_ms())
        self.ready = self.ready or all_read
        replay = self._settings.clock == "event"
        # In a replay instants and append times have nothing to do with each other: only the end of all is a moment.
        now = stamp if not replay else learning.latest() if all_read else 0
        settled = learning.settle(now)
        splits = self._contests.models(self._shared.definitions.catalog.current.values(), now) if all_read else {}
        records = learning.publish(stamp, splits)
        if not records and stamp - self._told_at >= TOLD_EVERY_MS:
            records = [learning.told(stamp)]
        if records:
            outs = [Out(key.encode(), value) for key, value in records]
            await self._shared.publisher.append(self._settings.topic(f"context.{KIND}"), 0, outs)
            self._told_at = stamp
        self._shared.metrics.learned(settled, len(learning.outcomes), learning.version)


async def _learn(settings: Settings, stop: asyncio.Event) -> None:
    async with Shared(settings, "learner") as shared:
        known = await published(settings)
        rules = rule_of(settings, lambda: shared.definitions.catalog.offers)
        learning = Learning(rules, known, Trainer() if available() else None)
        learner = Learner(settings, shared, learning, Contests(splits_of(known)))
        shared.ready_once(lambda: learner.ready, "what was decided before is not read yet")

        async def leave() -> None:
            await learner.round()

        try:
            await learner.reading.start(await inputs(settings, learning.progress.horizon))
            works = [learner.reading.run(), learner.teach(), shared.definitions.until_fault()]
            await until(stop, works, leave)
        except (PublishError, KafkaError):
            await shared.broker_is_there(stop)
            raise
        finally:
            await learner.reading.stop()
