"""One seed: a scenario, its faults, the settling after them, the verdict."""

import contextlib
import gc
import logging
from collections.abc import Iterator, Sequence
from random import Random
from unittest.mock import patch

from simulation.broker import Broker, Fate
from simulation.chaos import LONGEST_HELD_SECONDS, Chaos
from simulation.cluster import Cluster
from simulation.diary import Diary, Outcome
from simulation.disk import Disks
from simulation.oracle import judge, settled
from simulation.scenario import PARTITIONS, START_MS, Scenario, tick, topic
from simulation.virtual import Endless, Loop, Process
from simulation.witness import Violation, Witness

from streams.broker.publish import Out

CHAOS_SECONDS = 3.0
"""How long inputs arrive and things go wrong."""
SETTLE_SECONDS = 60.0
LOOK_SECONDS = 0.2
COLLECT_EVERY = 20
"""Seeds between two collections of what they left."""

PACE = {
    "streams.session.TICK_SECONDS": 0.08,
    "streams.commit.PASS_SECONDS": 0.3,
    "streams.commit.IDLE_SECONDS": 2.0,
    "streams.pump.REST_SECONDS": 0.3,
    "streams.worker.FENCED_SECONDS": 0.2,
    "streams.worker.FLUSH_SECONDS": 0.5,
}
"""The house waits for seconds where a simulation has milliseconds of a core: its idle rounds are what costs."""

SIZES = {
    "streams.session.MAX_BATCH_BYTES": (1 << 20, 1500),
    "streams.session.MOST_LEAVING": (20_000, 3),
    "streams.commit.SLICE": (150, 1, 2),
    "streams.pump.STEP": (100, 1, 3),
    "streams.pump.BACKLOG_STEP": (1000, 2),
    "streams.pump.BACKLOG_ROWS": (1000, 1),
    "state.store.TRIM_RECORDS": (500, 1),
    "streams.lane.HOLD_ROWS": (2_000, 3),
    "streams.partition.FANOUT_SLICE": (20, 1),
    "streams.fanout.fanouts.PACE": (100, 6),
    "streams.fanout.fanouts.LANES": (4, 1),
    "streams.fanout.going.PASSED_AT_ONCE": (50, 1),
    "state.store.SORTED_AT_ONCE": (1_000, 1),
    "streams.session.MOST_UNWRITTEN": (24_000, 3, 30),
    "streams.worker.LIVE_RECORDS": (24_000, 2),
    "streams.processor.BRIEF_RECORDS": (60, 1, 2),
}
"""A seed has one of each: what takes thousands of records to happen in life happens with a few here."""


class World:
    """All that one seed is made of. Without `rough` nothing arrives and nothing goes wrong by itself."""

    def __init__(self, seed: int, *, rough: bool = True) -> None:
        self.random = Random(seed)
        self.loop = Loop(Random(self.random.random()))
        self.process = self.loop.process("world")
        self.broker = Broker(self.loop, self.process, START_MS)
        self.scenario = Scenario(Random(self.random.random()), CHAOS_SECONDS, rough=rough)
        self.diary = Diary(self.loop)
        self.broker.landed.append(self.diary.landed)
        self.witness = Witness(self.broker)
        self.chaos = Chaos(Random(self.random.random()), self.broker, CHAOS_SECONDS)
        fates, read = (self.chaos.fate, self.chaos.read) if rough else (self.fate, self.broker.read)
        dice = Random(self.random.random())
        self.disks = Disks(Random(self.random.random()), rough=rough)
        self.cluster = Cluster(self.loop, self.broker, self.witness, self.scenario, dice, fates, read)

    def run(self) -> None:
        """Raises Violation."""
        with contextlib.ExitStack() as stack:
            for name, sizes in SIZES.items():
                stack.enter_context(patch(name, self.random.choice(sizes)))
            stack.enter_context(patch("streams.worker.stores", lambda *_: self.disks.open))
            self.loop.run(self.process, self._live())

    def fate(self, process: Process, full: str, partition: int, records: Sequence[Out]) -> Fate:
        """What becomes of one append where nothing goes wrong."""
        return Fate()

    async def _live(self) -> None:
        self.scenario.begin(self.broker)
        for _ in range(2):
            self.cluster.start()
        self.cluster.balance()
        for happening in self.scenario.happenings:
            self.loop.call_at(happening.at, self.broker.land, happening.topic, happening.partition, [happening.out])
        self.chaos.begin(self.cluster)
        await self.loop.rest(CHAOS_SECONDS)
        await self.end()

    async def end(self) -> None:
        """Everything goes well until all has settled; then the oracle judges. Raises Violation."""
        self._calm()
        await self._settle()
        judge(self.broker, self.witness, self.scenario)

    def _calm(self) -> None:
        """No more faults: all that is frozen goes on, somebody works, and the clocks go far on."""
        self.chaos.raging = False
        for member in self.cluster.alive:
            member.process.resume()
        if not self.cluster.alive:
            self.cluster.start()
        self.cluster.balance()
        self.loop.call_later(LONGEST_HELD_SECONDS, self.cluster.balance)

    async def _settle(self) -> None:
        end, ticked = self.loop.now + SETTLE_SECONDS, 0.0
        while why := settled(self.broker, self.witness):
            if self.loop.now > end:
                raise Violation(f"not settled after {SETTLE_SECONDS} s without faults: {why}")
            if self.scenario.event_clock and ticked < self.loop.now - 1.0:
                ticked = self.loop.now
                self._tick(int(ticked) * 5_000)
            await self.loop.rest(LOOK_SECONDS)

    def _tick(self, ms: int) -> None:
        """The event clock stands still without events, and timers with it."""
        for partition in range(PARTITIONS):
            self.broker.land(topic("ticks"), partition, [tick(START_MS + ms)])


@contextlib.contextmanager
def paced() -> Iterator[None]:
    """The house at the pace of a simulation, and silent.

    What a seed leaves behind is collected after it (`simulate`), for the collector takes a sixth of the time in it.
    """
    with contextlib.ExitStack() as stack:
        if gc.isenabled():
            gc.disable()
            stack.callback(gc.enable)
        for name, seconds in PACE.items():
            stack.enter_context(patch(name, seconds))
        disabled = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, disabled)
        yield


def simulate(seed: int) -> Outcome:
    """Runs one seed, within `paced`. The same seed gives the same outcome, step for step."""
    world = World(seed)
    violation = ""
    try:
        world.run()
    except (Violation, Endless) as fault:
        violation = str(fault)
    if seed % COLLECT_EVERY == 0:
        gc.collect()
    return world.diary.outcome(seed, "commit", violation, world.broker.faults)
