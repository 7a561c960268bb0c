"""Workers as processes, and the group that gives them partitions: started, stopped, killed, frozen, replaced."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache, partial
from random import Random
from typing import Any

from simulation.broker import Broker, Fates, Session
from simulation.feed import Committed, Feed
from simulation.scenario import CHANNELS, PARTITIONS, PREFIX, START_MS, Scenario, deciding, topic, topic_id
from simulation.virtual import Loop, Process
from simulation.witness import Violation, Witness

from streams.broker.reader import Read
from streams.broker.source import Spot
from streams.inputs import Inputs
from streams.settings import Settings
from streams.worker import Worker

NAMES = ("touchpoints.rekeyed", "ticks", *(f"touchpoints.{name}" for name in CHANNELS))
SKEW_MS = 300
"""How far the wall clock of a machine may be off, either way."""
NOTICE_SECONDS = 0.3
"""How long the group takes to notice that a member is gone."""


@cache
def settings(clock: str) -> Settings:
    """Those of every worker."""
    return Settings(prefix=PREFIX, partitions=PARTITIONS, start="earliest", clock=clock, trace="all")


class Deaf:
    """An observer that hears nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Member:
    """One process with a worker in it. `given` is what the group gave it last, `asked` wakes it to hear of that."""

    def __init__(self, process: Process, worker: Worker, sessions: list[Session]) -> None:
        self.process = process
        self.worker = worker
        self.sessions = sessions
        self.given: set[int] = set()
        self.asked = asyncio.Event()
        self.left = False

    async def follow(self) -> None:
        """What Faust does with an assignment: quiet first, then the new one."""
        while True:
            await self.asked.wait()
            self.asked.clear()
            await self.worker.pause()
            self.worker.assigned(self.given)


class Cluster:
    """All workers that ever were; `alive` are those of the group. `clocks` are fixed per machine by the seed."""

    def __init__(
        self,
        loop: Loop,
        broker: Broker,
        witness: Witness,
        scenario: Scenario,
        random: Random,
        fates: Fates,
        read: Read,
    ) -> None:
        self.members: list[Member] = []
        self._loop = loop
        self._broker = broker
        self._witness = witness
        self._random = random
        self._fates = fates
        self._read = read
        self._group = Watched(witness, loop)
        self._settings = settings("event" if scenario.event_clock else "wall")
        counts = {topic(name): PARTITIONS for name in NAMES}
        self._inputs = Inputs(self._settings, counts, {topic(name): topic_id(name) for name in NAMES})
        self._decide = partial(deciding, scenario.entangled)

    @property
    def alive(self) -> list[Member]:
        """Members that are in the group: the frozen ones are not."""
        return [each for each in self.members if not each.process.dead and not each.left]

    def start(self) -> Member:
        """A new worker; it is given partitions when the group is balanced."""
        process = self._loop.process(f"w{len(self.members)}")
        process.machine = self._machine()
        sessions: list[Session] = []

        def connect() -> Session:
            sessions.append(Session(self._broker, process, self._fates))
            return sessions[-1]

        skew = self._random.randint(-SKEW_MS, SKEW_MS)

        def wall() -> int:
            return START_MS + skew + int(self._loop.now * 1000)

        worker = Worker(self._settings, self._inputs, self._decide, Deaf(), connect=connect, read=self._read, wall=wall)
        worker.source = Feed(self._broker, process, self._group, self._random, worker.offer)
        member = Member(process, worker, sessions)
        self.members.append(member)
        process.spawn(self._run(process, worker.run))
        process.spawn(self._run(process, member.follow))
        return member

    def _machine(self) -> int:
        """That of a process that died, if any, or a new one."""
        used = {each.process.machine for each in self.members if not each.process.dead}
        free = [number for number in range(len(self.members)) if number not in used]
        return self._random.choice([*free, len(self.members)])

    def kill(self, member: Member) -> None:
        """SIGKILL; of its requests on their way some are lost."""
        member.process.kill()
        for session in member.sessions:
            session.lose(lambda: self._random.random() < 0.5)

    def balance(self) -> None:
        """The group gives each partition to one of its members, and tells each in its own time."""
        members = [each for each in self.alive if not each.process.paused]
        if not members:
            return
        self._random.shuffle(members)
        for number, member in enumerate(members):
            self.give(
                member, {p for p in range(PARTITIONS) if p % len(members) == number}, self._random.random() * 0.05
            )

    def give(self, member: Member, partitions: set[int], seconds: float = 0.0) -> None:
        """The group tells one member what it has, in so many seconds."""
        member.given = partitions
        self._loop.call_later(seconds, member.asked.set, context=member.process.context)

    def balance_soon(self) -> None:
        """As after a member was lost."""
        self._loop.call_later(self._random.random() * NOTICE_SECONDS, self.balance, context=self._broker.world.context)

    async def _run(self, process: Process, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as fault:
            if not process.dead:
                self._loop.fail(Violation(f"{process.name} ended by itself: {fault!r}"))


class Watched(Committed):
    """The group's offsets, each commit under the witness's eye."""

    def __init__(self, witness: Witness, loop: Loop) -> None:
        super().__init__()
        self._witness = witness
        self._loop = loop

    def take(self, offsets: dict[Spot, int]) -> None:
        try:
            self._witness.committed(offsets)
        except Violation as fault:
            self._loop.fail(fault)
        super().take(offsets)
