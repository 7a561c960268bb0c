"""One seed of dispatch: real dispatchers and books over the simulated broker, killed, frozen, two at a time."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from random import Random

import msgspec
from dispatching import HELLO, QUICK, Tally, action
from fakelog import Row
from simulation.broker import Broker, Fate, Session
from simulation.chaos import Chaos
from simulation.cluster import settings
from simulation.diary import Diary, Outcome
from simulation.outside import Ahead, Provider, Redis
from simulation.scenario import START_MS, topic
from simulation.virtual import Endless, Loop, Process
from simulation.witness import Violation

from channels.limits import Limits
from engine.decision import Action, Output, Void
from state.ledger import SETTLED, Entry, Status, outranks
from streams.broker.publish import Out, PublishError
from streams.dispatch.book import Book
from streams.dispatch.dispatcher import Dispatcher
from streams.dispatch.parking import Parking

SECONDS = 2.0
SETTLE_SECONDS = 30.0
ACTIONS = topic("actions")
WAITING = (topic("actions.waiting.email"), topic("actions.waiting.critical"))
_output = msgspec.json.Decoder(Output).decode
_entry = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode


class Post:
    """Dispatchers as processes, one or two at a time at the one partition, and what the log says of each action."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.loop = Loop(Random(random.random()))
        self.world = self.loop.process("world")
        self.broker = Broker(self.loop, self.world, START_MS)
        self.diary = Diary(self.loop)
        self.broker.landed.append(self.diary.landed)
        self.chaos = Chaos(Random(random.random()), self.broker, SECONDS)
        self.redis = Redis(self.loop, random)
        self.provider = Provider(self.loop, random, self.broker)
        # Redis emptied while two are at work is two faults at once, and a message may then leave twice.
        self.rivals = random.random() < 0.5
        self.committed = dict.fromkeys((ACTIONS, *WAITING), 0)
        self.alive: list[Process] = []
        self.actions: dict[str, Action] = {}
        self.voided: set[str] = set()

    def run(self) -> None:
        """Raises Violation."""
        self.loop.run(self.world, self._live())

    async def _live(self) -> None:
        for number in range(self.random.randint(3, 12)):
            self._at(self.random.random() * SECONDS, self._arrive, f"a{number}")
        for _ in range(1 + self.rivals):
            self._start()
        for _ in range(self.random.randint(0, 5)):
            self._at(self.random.random() * SECONDS, self._strike)
        await self.loop.rest(SECONDS)
        self.chaos.raging = self.redis.away = self.provider.shut = False
        self.provider.rate = 0.0
        for process in self.alive:
            process.resume()
        end = self.loop.now + SETTLE_SECONDS
        while any(at < self.broker.end(name, 0) for name, at in self.committed.items()):
            if self.loop.now > end:
                raise Violation(f"committed up to {self.committed} only")
            await self.loop.rest(0.1)
        self.judge()

    def _at(self, seconds: float, act: object, *args: object) -> None:
        self.loop.call_later(seconds, act, *args, context=self.world.context)

    def _arrive(self, name: str) -> None:
        """An action, perhaps twice, perhaps with a void before or behind it."""
        one = action(name, class_=self.random.choice(("marketing", "service", "critical")))
        self.actions[name] = one
        outputs: list[Output] = [one] * self.random.choice((1, 1, 2))
        if self.random.random() < 0.2:
            first = self.random.random() < 0.5
            outputs.insert(0 if first else len(outputs), Void(f"v{name}", "ann", name, "exit", 0))
            if first:
                self.voided.add(name)
        queued_at = [("queued_at", str(START_MS + int(self.loop.now * 1000)).encode())]
        self.broker.land(topic("actions"), 0, [Out(b"ann", _encode(output), queued_at) for output in outputs])

    def _strike(self) -> None:
        kinds = ["kill", "away", "shut", "repeat", "freeze" if self.rivals else "emptied"]
        kind = self.random.choice(kinds)
        self.broker.faults[kind] += 1
        if kind == "emptied":
            self.redis.recall.clear()
        elif kind == "away":
            self.redis.away = True
            self._at(self.random.random(), setattr, self.redis, "away", False)
        elif kind == "shut":
            self.provider.shut = True
            self._at(self.random.random(), setattr, self.provider, "shut", False)
        elif kind == "repeat":
            name = self.random.choice((ACTIONS, *WAITING))
            if rows := self.broker.rows[name, 0]:
                again = self.random.choice(rows)
                self.broker.land(name, 0, [Out(again.key, again.value, again.headers)])
        elif self.alive:
            process = self.random.choice(self.alive)
            process.alarm_at = process.steps + 1 + int(self.random.random() * 80)
            process.alarm = lambda: self._freeze(process) if kind == "freeze" else self._kill(process)

    def _freeze(self, process: Process) -> None:
        process.pause()
        self._at(self.random.random() * 2.0, process.resume)

    def _kill(self, process: Process) -> None:
        process.kill()
        self.alive.remove(process)
        self._at(self.random.random() * 0.5, self._start)

    def _start(self) -> None:
        if self.world.dead:
            return
        process = self.loop.process(f"d{len(self.alive)}")
        self.alive.append(process)
        process.spawn(self._work(process))

    async def _work(self, process: Process) -> None:
        """As `run_dispatcher`: a write of unknown fate ends the session, and it begins anew."""
        while True:
            try:
                await self._session(process)
            except PublishError:
                if process.dead:
                    return
                await self.loop.rest(0.1)
            except Exception as fault:
                self.loop.fail(Violation(f"{process.name} ended by itself: {fault!r}"))
                return

    async def _session(self, process: Process) -> None:
        session = Session(self.broker, process, self.fate)
        position = self.committed[ACTIONS]
        book = Book(settings("wall"), session, self.redis, self._clock, self._log)
        await book.open(0)
        parking = Parking(settings("wall"), session, WAITING)
        for name in WAITING:
            parking.opened((name, 0), self.committed[name], self.broker.end(name, 0))
        dispatcher = Dispatcher(
            settings("wall"), session, book, Ahead(self.broker, book, position), {"email": self.provider},
            {HELLO.content_hash: HELLO}.get, self._clock, self._dead, Tally(), patience=QUICK,
            limits={"email": Limits(parallel=self.random.choice((2, 16)), timeout_seconds=1.0)}, parking=parking,
        )  # fmt: skip
        works = [process.spawn(self._read(name, dispatcher, parking)) for name in (ACTIONS, *WAITING)]
        try:
            await asyncio.gather(*works)
        finally:
            for work in works:
                work.cancel()
            await asyncio.wait(works)

    async def _read(self, name: str, dispatcher: Dispatcher, parking: Parking) -> None:
        """What a desk does, one take after the other."""
        position = self.committed[name]
        while True:
            rows = self.broker.rows[name, 0][position : position + self.random.choice((1, 3, 20))]
            if not rows:
                await self.loop.rest(0.02)
                continue
            await dispatcher.take(0, rows)
            position = rows[-1].offset + 1
            self._commit(name, position)
            parking.settled((name, 0), position)

    def fate(self, process: Process, full: str, partition: int, records: Sequence[Out]) -> Fate:
        return self.chaos.fate(process, full, partition, records)

    def _commit(self, name: str, position: int) -> None:
        """Only past what is settled in the log, or lies in it among the parked, behind what is committed."""
        ledger = self.ledger()
        behind = {each: 0 if each != name else position for each in WAITING}
        parked = {_output(row.value or b"").id for each, at in behind.items() for row in self.broker.rows[each, 0][at:]}
        for row in self.broker.rows[name, 0][self.committed[name] : position]:
            output = _output(row.value or b"")
            if not isinstance(output, Action) or output.id in parked:
                continue
            if output.id not in ledger or ledger[output.id].status not in SETTLED:
                self.loop.fail(Violation(f"{name}: committed past {output.id}, of which nothing is settled"))
        self.committed[name] = max(self.committed[name], position)

    def ledger(self) -> dict[str, Entry]:
        """What `dispatches` says of each key."""
        found: dict[str, Entry] = {}
        for row in self.broker.rows[topic("dispatches"), 0]:
            entry = _entry(row.value or b"")
            if entry.key not in found or outranks(entry, found[entry.key]):
                found[entry.key] = entry
        return found

    def judge(self) -> None:
        """Doubled 0 where at most once; missing at most the unresolved; nothing after its void."""
        ledger, receipts = self.ledger(), self._receipts()
        for name, one in self.actions.items():
            status, left = ledger[name].status, self.provider.left[name]
            told = f"{one.class_} {name} left {left} times and is {status}"
            if one.class_ != "critical" and left > 1:
                raise Violation(f"{told}: doubled")
            if one.class_ != "critical" and left and status in (Status.REFUSED, Status.FAILED):
                raise Violation(f"{told}: it left all the same")
            if not left and status is Status.SENT:
                raise Violation(f"{told}: missing")
            if left and name in self.voided:
                raise Violation(f"{told}: it was void")
            if not receipts[name]:
                raise Violation(f"{told}: no receipt")

    def _receipts(self) -> defaultdict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for (name, _), rows in self.broker.rows.items():
            if name == topic("touchpoints.email"):
                for row in rows:
                    value = msgspec.json.decode(row.value or b"")
                    found[value["properties"]["action_id"]].add(value["type"])
        return found

    def _clock(self) -> int:
        return START_MS + int(self.loop.now * 1000)

    async def _log(self, partition: int) -> AsyncIterator[Sequence[Row]]:
        end = self.broker.end(topic("dispatches"), partition)
        async for rows in self.broker.read(topic("dispatches"), partition, 0, end):
            yield rows

    async def _dead(self, *_: object) -> None:
        raise AssertionError("no action of the simulation is a dead letter")


def deliver(seed: int) -> Outcome:
    """Runs one seed, within `paced`."""
    post = Post(seed)
    violation = ""
    try:
        post.run()
    except (Violation, Endless) as fault:
        violation = str(fault)
    return post.diary.outcome(seed, "dispatch", violation, post.broker.faults)
