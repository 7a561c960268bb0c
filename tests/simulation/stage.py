"""A stage for one schedule told by hand: real workers in virtual time, each request's fate and each death on cue."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from simulation.broker import Fate
from simulation.cluster import Member
from simulation.scenario import PARTITIONS, topic
from simulation.simulate import World, paced
from simulation.virtual import Process

from state.codec import decode
from state.record import Record
from streams.broker.publish import Out
from streams.touchpoints.home import home

LIMIT_SECONDS = 30.0
MOMENT_SECONDS = 0.001


class Cue(NamedTuple):
    """The next request of `member` to the topic `name` that holds `key` meets this fate."""

    member: Member
    name: str
    key: bytes
    fate: Fate


class Stage(World):
    """Two workers, of which the first has both partitions, and whatever the play makes of them."""

    def __init__(self, play: Callable[["Stage"], Awaitable[None]]) -> None:
        super().__init__(0, rough=False)
        self.cues: list[Cue] = []
        self.met: list[Cue] = []
        self._play = play
        self._number = 0

    async def _live(self) -> None:
        self.scenario.begin(self.broker)
        self.first, self.second = self.cluster.start(), self.cluster.start()
        self.cluster.give(self.first, set(range(PARTITIONS)))
        await self.until(lambda: len(self.first.worker.partitions) == PARTITIONS)
        await self._play(self)
        await self.end()

    def fate(self, process: Process, full: str, partition: int, records: list[Out]) -> Fate:
        for cue in self.cues:
            keys = [record.key or b"" for record in records]
            if cue.member.process is process and topic(cue.name) == full and any(cue.key in key for key in keys):
                self.cues.remove(cue)
                self.met.append(cue)
                return cue.fate
        return Fate()

    def cue(self, member: Member, name: str, fate: Fate, key: bytes = b"") -> Cue:
        """The next request of `member` to `name` with `key` in it meets this fate."""
        cue = Cue(member, name, key, fate)
        self.cues.append(cue)
        return cue

    async def met_with(self, cue: Cue) -> None:
        """Waits until the cue was taken."""
        await self.until(lambda: cue in self.met)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits in virtual time."""
        end = self.loop.now + LIMIT_SECONDS
        while not condition():
            if self.loop.now > end:
                raise TimeoutError(f"not within {LIMIT_SECONDS} virtual seconds")
            await self.loop.rest(MOMENT_SECONDS)

    def touch(self, type_: str, customer: str = "c0", *, away: bool = False, id_: str = "") -> None:
        """A touchpoint of the customer arrives, at home or at the other partition."""
        self._number += 1
        name = id_ or f"e{self._number}"
        partition = (home(customer, PARTITIONS) + away) % PARTITIONS
        content = {"type": type_, "customer": customer, "id": name, "properties": {"n": name}}
        self.broker.land(topic("touchpoints.web"), partition, [Out(customer.encode(), json.dumps(content).encode())])

    def move(self, partitions: set[int], source: Member, target: Member) -> None:
        """The group takes partitions from one member, who does not hear of it, and gives them to another."""
        self.cluster.give(target, target.given | partitions)
        source.given -= partitions

    def ids(self, name: str, partition: int = 0) -> list[str]:
        """The ids of what left, repeats included."""
        return [json.loads(row.value or b"")["id"] for row in self.broker.rows[topic(name), partition]]

    def states(self, customer: str) -> list[Record]:
        """Every record of a customer that ever was on the changelog, counting or not."""
        rows = self.broker.history[topic("state"), home(customer, PARTITIONS)]
        return [decode(row.value or b"") for row in rows if row.key == customer.encode()]

    def counting(self, customer: str) -> Record:
        """The customer's counting record."""
        return self.witness.records[home(customer, PARTITIONS)][customer.encode()]

    def owns(self, member: Member, partition: int = 0) -> bool:
        """Whether the member has taken the partition over."""
        return partition in member.worker.partitions


def staged(play: Callable[[Stage], Awaitable[None]]) -> Stage:
    """Plays a schedule, lets all settle, and asks the oracle. Raises Violation."""
    stage = Stage(play)
    with paced():
        stage.run()
    return stage
