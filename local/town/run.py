"""The town against the real thing: its happenings go through Kafka, and what people get comes back to it."""

import asyncio
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from journeys.load import Folder
from local.demo.feed import tick
from local.demo.house import alongside, housed, until, working
from local.demo.progress import Progress
from local.demo.view import View, showing
from local.demo.watch import Watch
from local.push import PushService
from local.town import offering
from local.town.happening import CHANNELS, Change, Delivery, Happening, Touch, Work
from local.town.market import CATALOG
from local.town.outcome import Tally, summary
from local.town.rhythm import HOUR_MS
from local.town.scene import Onlooker, Scene
from local.town.town import Town
from streams.broker.publish import Out, Publisher
from streams.context.publish import record, removal
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.wire import Fix, Touchpoint, encode_touchpoint

PROCESSES = ("worker", "dispatcher", "learner")
LEARN_SECONDS = 1.0
"""What is learned is published so often: most of a minute's life of the town is decided with something known."""
SLICE_SECONDS = 0.1
PAST_A_SLICE = 500
"""Happenings of the past that are published at once."""


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
    observe: bool = False


async def live(plan: Plan, view: View[Scene], onlookers: tuple[Onlooker, ...] = ()) -> Scene:
    """Lets the town live, and gives it as it is once every message has left.

    Ctrl-C ends the life early, the last messages leave; once more stops at once. Raises DemoError when it cannot go on,
    LocalError when services do not start.
    """
    scene = Scene(Town(plan.seed, plan.customers), Progress(customers=plan.customers), Tally(), onlookers)
    with view:
        async with alongside([showing(view, scene)]), _house(plan, scene) as settings:
            await _play(plan, settings, scene)
        view.end(scene, summary(scene.progress, scene.tally, offering.facts(scene.market)))
    return scene


@asynccontextmanager
async def _house(plan: Plan, scene: Scene) -> AsyncIterator[Settings]:
    """A demo's house, with a push service."""
    with PushService(scene.landed) as phones, tempfile.TemporaryDirectory(prefix="sillage-town-") as folder:
        account = phones.write_account(Path(folder) / "account.json")
        told = {"channels": ",".join(CHANNELS), "push": str(account), "push_url": phones.url}
        told |= {"learn_seconds": str(LEARN_SECONDS)}
        async with housed(plan, "town", scene.progress, scene.mailed, told) as settings:
            scene.notes.append(f"to change its journeys: SILLAGE_PREFIX={settings.prefix} sillage deploy FOLDER")
            yield settings


async def _play(plan: Plan, settings: Settings, scene: Scene) -> None:
    """The town lives while worker and dispatcher run, until nothing is left to do."""
    also = {"tasks": scene.tally.board.take, "decisions": scene.decided}
    progress = scene.progress
    watch = Watch(settings, progress, also, CHANNELS)
    async with working(plan, settings, watch, progress, PROCESSES) as (publisher, kept):
        crier = _Crier(scene, publisher, settings)
        progress.phase = "the past"
        await crier.past()
        await until(watch.inputs_durable, progress, kept, "the past is applied")
        progress.phase = "living"
        with _ended_by_hand() as ended:
            await crier.present(plan.seconds, plan.speed, ended)
        progress.phase = "settling"
        await until(watch.settled, progress, kept, "the last message leaves")
        crier.listen()
        progress.phase = "clearing away"


@contextmanager
def _ended_by_hand() -> Iterator[asyncio.Event]:
    """An event that the first Ctrl-C sets; all others do what they did before."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    before = signal.getsignal(signal.SIGINT)

    def restore() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)

    def interrupted() -> None:
        restore()
        ended.set()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield ended
    finally:
        restore()


class _Crier:
    """Tells the topics what happens in the town, and the town what its people get."""

    def __init__(self, scene: Scene, publisher: Publisher, settings: Settings) -> None:
        self._scene = scene
        self._town = scene.town
        self._publisher = publisher
        self._settings = settings
        self._delivered: set[str] = set()
        self._tasked: set[str] = set()
        self._closed: set[str] = set()

    async def past(self) -> None:
        """All that lies before the first morning, as fast as it can be published. Raises PublishError."""
        happened = self._town.advance(self._town.morning_at)
        for start in range(0, len(happened), PAST_A_SLICE):
            await self._publish(happened[start : start + PAST_A_SLICE])
        await tick(self._publisher, self._settings, self._town.morning_at)

    async def present(self, seconds: float, speed: float, ended: asyncio.Event) -> None:
        """So many seconds of life, at `speed` hours of the town a second, or until `ended`. Raises PublishError."""
        began = time.monotonic()
        while (lived := time.monotonic() - began) < seconds and not ended.is_set():
            self.listen()
            now = self._town.morning_at + int(lived * speed * HOUR_MS)
            await self._publish(self._town.advance(now))
            # A slice is acknowledged before its tick is sent, so that no event of it is late.
            await tick(self._publisher, self._settings, now)
            self._scene.tally.now = now
            self._scene.look()
            await asyncio.sleep(SLICE_SECONDS)

    def listen(self) -> None:
        """People notice what left for them; agents notice tasks, and that some need nobody any more."""
        actions = self._scene.progress.actions
        for name in self._scene.progress.confirmed - self._delivered:
            action = actions.get(name)
            if action is not None:
                self._delivered.add(name)
                self._scene.tally.left[action.journey, action.channel] += 1
                offer = action.offer.removeprefix(f"{CATALOG}/")
                delivery = Delivery(self._town.now, name, action.customer, action.channel, action.message, offer)
                self._town.received(delivery)
        for name, item in list(self._scene.tally.board.items.items()):
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
                    self._scene.changed(each)
                case Touch():
                    where = home(each.customer, self._settings.partitions)
                    touches[self._settings.topic(f"touchpoints.{each.channel}"), where].append(_encoded(each))
                    self._scene.touched(each)
        for batches in (changes, touches):
            await asyncio.gather(*(self._publisher.append(*spot, outs) for spot, outs in batches.items()))


def _encoded(touch: Touch) -> Out:
    place = None if touch.place is None else msgspec.convert(touch.place, Fix)
    return encode_touchpoint(
        Touchpoint(
            touch.type, touch.customer, id=touch.id, occurred_at=touch.at, place=place, properties=touch.properties
        )
    )
