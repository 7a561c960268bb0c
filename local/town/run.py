"""The town against the real thing: its happenings go through Kafka, and what people get comes back to it."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from journeys.load import Folder
from local.demo.feed import tick
from local.demo.house import alongside, housed, until, working
from local.demo.progress import Progress
from local.demo.watch import Watch
from local.push import Landed, PushService
from local.town.happening import CHANNELS, Change, Delivery, Happening, Touch, Work
from local.town.outcome import Tally, line
from local.town.rhythm import HOUR_MS
from local.town.town import Town
from streams.broker.publish import Out, Publisher
from streams.context.publish import record, removal
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.wire import Fix, Touchpoint, encode_touchpoint

SLICE_SECONDS = 0.1
PAST_A_SLICE = 500
"""Happenings of the past that are published at once."""
SAY_SECONDS = 1.0


class Plan(NamedTuple):
    """Which town, for how long (`seconds` of wall time), and how fast (`speed`, hours of the town a second).

    `command` starts a process when a name such as `worker` is added; `data` is the folder of the local services.
    """

    seed: int
    customers: int
    seconds: float
    speed: float
    definitions: Folder
    command: Sequence[str]
    data: Path


async def live(plan: Plan, say: Callable[[str], None]) -> tuple[Progress, Tally]:
    """Lets the town live, says how it goes once a second, and gives what came of it once every message has left.

    Raises DemoError when it cannot go on, LocalError when services do not start.
    """
    progress, tally = Progress(customers=plan.customers), Tally()
    async with _house(plan, progress, tally) as settings:
        await _play(plan, settings, progress, tally, say)
    return progress, tally


@asynccontextmanager
async def _house(plan: Plan, progress: Progress, tally: Tally) -> AsyncIterator[Settings]:
    """A demo's house, with a push service."""

    def landed(_push: Landed) -> None:
        tally.pushes += 1

    with PushService(landed) as phones, tempfile.TemporaryDirectory(prefix="sillage-town-") as folder:
        account = phones.write_account(Path(folder) / "account.json")
        told = {"channels": ",".join(CHANNELS), "push": str(account), "push_url": phones.url}
        async with housed(plan, "town", progress, told) as settings:
            yield settings


async def _play(plan: Plan, settings: Settings, progress: Progress, tally: Tally, say: Callable[[str], None]) -> None:
    """The town lives while worker and dispatcher run, until nothing is left to do."""
    also = {"tasks": tally.board.take, "decisions": tally.decided}
    watch = Watch(settings, progress, also, CHANNELS)
    async with alongside([_say(say, progress, tally)]), working(plan, settings, watch, progress) as (publisher, kept):
        crier = _Crier(Town(plan.seed, plan.customers), publisher, settings, progress, tally)
        await crier.past()
        await until(watch.inputs_durable, progress, kept, "the past is applied")
        await crier.present(plan.seconds, plan.speed)
        await until(watch.settled, progress, kept, "the last message leaves")


async def _say(say: Callable[[str], None], progress: Progress, tally: Tally) -> None:
    """Notes when they come, and a line a second once the town lives; until cancelled."""
    told = 0
    while True:
        for note in progress.notes[told:]:
            say(note)
        told = len(progress.notes)
        if tally.now:
            say(line(progress, tally))
        await asyncio.sleep(SAY_SECONDS)


class _Crier:
    """Tells the topics what happens in the town, and the town what its people get."""

    def __init__(self, town: Town, publisher: Publisher, settings: Settings, progress: Progress, tally: Tally) -> None:
        self._town = town
        self._publisher = publisher
        self._settings = settings
        self._progress = progress
        self._tally = tally
        self._delivered: set[str] = set()
        self._tasked: set[str] = set()
        self._closed: set[str] = set()

    async def past(self) -> None:
        """All that lies before the first morning, as fast as it can be published. Raises PublishError."""
        happened = self._town.advance(self._town.morning_at)
        for start in range(0, len(happened), PAST_A_SLICE):
            await self._publish(happened[start : start + PAST_A_SLICE])
        await tick(self._publisher, self._settings, self._town.morning_at)

    async def present(self, seconds: float, speed: float) -> None:
        """So many seconds of life, at `speed` hours of the town a second. Raises PublishError."""
        began = time.monotonic()
        while (lived := time.monotonic() - began) < seconds:
            self._listen()
            now = self._town.morning_at + int(lived * speed * HOUR_MS)
            await self._publish(self._town.advance(now))
            # A slice is acknowledged before its tick is sent, so that no event of it is late.
            await tick(self._publisher, self._settings, now)
            self._tally.now = now
            await asyncio.sleep(SLICE_SECONDS)

    def _listen(self) -> None:
        """People notice what left for them; agents notice tasks, and that some need nobody any more."""
        for name in self._progress.confirmed - self._delivered:
            action = self._progress.actions.get(name)
            if action is not None:
                self._delivered.add(name)
                self._town.received(Delivery(self._town.now, name, action.customer, action.channel, action.message))
        for name, item in list(self._tally.board.items.items()):
            task = item.task
            if name not in self._tasked:
                self._tasked.add(name)
                self._town.tasked(Work(self._town.now, name, task.customer, task.title, task.queue, task.due_at))
            if item.closed is not None and name not in self._closed:
                self._closed.add(name)
                self._town.closed(name)

    async def _publish(self, happened: Iterable[Happening]) -> None:
        """Changes of the context first: what people do in the same moment may depend on them."""
        changes: dict[tuple[str, int], list[Out]] = defaultdict(list)
        touches: dict[tuple[str, int], list[Out]] = defaultdict(list)
        for each in happened:
            match each:
                case Change():
                    out = removal(each.id) if each.value is None else record(each.value)
                    changes[self._settings.topic(f"context.{each.kind}"), 0].append(out)
                case Touch():
                    where = home(each.customer, self._settings.partitions)
                    touches[self._settings.topic(f"touchpoints.{each.channel}"), where].append(_encoded(each))
                    self._tally.touchpoints[each.channel] += 1
                    self._progress.published += 1
        for batches in (changes, touches):
            await asyncio.gather(*(self._publisher.append(*spot, outs) for spot, outs in batches.items()))


def _encoded(touch: Touch) -> Out:
    place = None if touch.place is None else msgspec.convert(touch.place, Fix)
    return encode_touchpoint(
        Touchpoint(
            touch.type, touch.customer, id=touch.id, occurred_at=touch.at, place=place, properties=touch.properties
        )
    )
