"""What goes wrong in a simulation: each seed has faults of some kinds only, each at a rate of its own."""

from collections.abc import AsyncIterator, Callable, Sequence
from random import Random

from fakelog import Row
from simulation.broker import LIMIT_SECONDS, Broker, Fate
from simulation.cluster import Cluster, Member
from simulation.scenario import PARTITIONS, topic
from simulation.virtual import Process

from streams.broker.publish import Out

WIRE = ("late", "held", "lost", "unanswered", "no offset", "partly", "queued", "unreadable")
"""Faults of a single request."""
LIVES = ("kill", "freeze", "stop", "rebalance", "join")
"""Faults of a process or of the group."""
MOST_MEMBERS = 3
LONGEST_HELD_SECONDS = 4.0
LONGEST_FROZEN_SECONDS = 3.0


class Chaos:
    """The faults of one seed. While `raging`, requests meet those of WIRE; `begin` sets off those of LIVES."""

    def __init__(self, random: Random, broker: Broker, seconds: float) -> None:
        self.raging = True
        self._random = random
        self._broker = broker
        self._seconds = seconds
        self._rates = {kind: random.choice((0.0, 0.0, 0.01, 0.04)) for kind in WIRE}
        self._held_topic = random.choice(("", topic("state"), topic("actions"), topic("decisions")))
        self._lives = random.sample(LIVES, random.randint(1, len(LIVES)))

    def fate(self, process: Process, full: str, partition: int, records: Sequence[Out]) -> Fate:
        """What becomes of one append."""
        random = self._random.random
        calm = Fate(0.001 + random() * 0.004, 0.001 + random() * 0.004)
        if not self.raging:
            return calm
        kind = self._struck(full)
        if kind:
            self._broker.faults[kind] += 1
        match kind:
            case "late":
                return calm._replace(answer=random() * LIMIT_SECONDS)
            case "held":
                return calm._replace(land=random() * LONGEST_HELD_SECONDS)
            case "lost":
                return calm._replace(land=None)
            case "unanswered":
                return calm._replace(answer=None)
            case "no offset":
                return calm._replace(offset=False)
            case "partly":
                # A batch lands whole or not at all; only what is larger than one can land in part.
                return calm._replace(whole=full == topic("state"))
            case "queued":
                return calm._replace(wait=random() * LIMIT_SECONDS)
        return calm

    def _struck(self, full: str) -> str:
        for kind, rate in self._rates.items():
            if rate and self._random.random() < rate * (4 if full == self._held_topic else 1):
                return kind
        return ""

    async def read(self, full: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        """The broker's reading, which now and then breaks off."""
        async for rows in self._broker.read(full, partition, start, end):
            if self.raging and self._random.random() < self._rates["unreadable"]:
                self._broker.faults["unreadable"] += 1
                raise OSError("the connection was lost")
            yield rows

    def begin(self, cluster: Cluster) -> None:
        """Plans the faults of processes, compactions among them."""
        for _ in range(self._random.randint(2, 7)):
            self._at(self._instant(), self._one(self._random.choice(self._lives), cluster))
        for _ in range(self._random.randint(0, 8)):
            spot = (topic("state"), self._random.randrange(PARTITIONS))
            self._at(self._instant(), lambda spot=spot: self._broker.clean(spot))

    def _instant(self) -> float:
        return self._random.random() * self._seconds

    def _at(self, when: float, act: Callable[[], object]) -> None:
        self._broker.loop.call_at(when, act, context=self._broker.world.context)

    def _one(self, kind: str, cluster: Cluster) -> Callable[[], object]:
        def act() -> None:
            members = [each for each in cluster.alive if not each.process.paused]
            if not members:
                return
            member = self._random.choice(members)
            if kind == "rebalance":
                self._broker.faults[kind] += 1
                cluster.balance()
            elif kind == "join":
                if len(members) >= MOST_MEMBERS:
                    return
                self._broker.faults[kind] += 1
                cluster.start()
                cluster.balance_soon()
            elif kind == "stop":
                self._broker.faults[kind] += 1
                self._stop(cluster, member)
            else:
                # After some more steps of its own, so that it is hit between any two awaits.
                self._alarm(member.process, lambda: self._hit(kind, cluster, member))

        return act

    def _alarm(self, process: Process, act: Callable[[], None]) -> None:
        process.alarm = act
        process.alarm_at = process.steps + 1 + int(self._random.random() ** 2 * 150)

    def _hit(self, kind: str, cluster: Cluster, member: Member) -> None:
        if member.process.dead or not self.raging:
            return
        self._broker.faults[kind] += 1
        if kind == "freeze":
            member.process.pause()
            seconds = self._random.random() * LONGEST_FROZEN_SECONDS
            self._at(self._broker.loop.now + seconds, lambda: self._thaw(cluster, member))
        else:
            cluster.kill(member)
            self._at(self._broker.loop.now + self._random.random(), lambda: self._again(cluster))
        cluster.balance_soon()

    def _thaw(self, cluster: Cluster, member: Member) -> None:
        member.process.resume()
        cluster.balance_soon()

    def _again(self, cluster: Cluster) -> None:
        if self._broker.world.dead:
            return
        cluster.start()
        cluster.balance_soon()

    def _stop(self, cluster: Cluster, member: Member) -> None:
        """A polite end, as of a deploy: it drains, leaves, and another comes."""

        async def leave() -> None:
            await member.worker.stop()
            member.left = True
            self._at(self._broker.loop.now, lambda: self._gone(cluster, member))

        member.process.spawn(leave())

    def _gone(self, cluster: Cluster, member: Member) -> None:
        cluster.kill(member)
        self._again(cluster)
