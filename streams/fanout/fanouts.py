"""The fan-outs of one partition: begun by touchpoints to everyone, schedules and releases; walked, paced, stopped."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping

from engine.bounds import with_item
from engine.event import Event, EventArrived
from state.changelog import FANOUTS
from state.record import Record
from state.timers import NEVER
from state.walks import Walk, Walked, Walks
from streams.fanout.going import Going
from streams.fanout.planned import (
    OURS,
    PACE,
    RELEASE_REACHED,
    Planned,
    Schedule,
    addressed,
    backfill_of,
    line_of,
    run_of,
    share,
)
from streams.fanout.schedules import Calendar
from streams.observing.logs import about
from streams.processor import Processor
from streams.touchpoints.record import Record as Row
from streams.touchpoints.reserved import STOP

log = logging.getLogger(__name__)

LANES = 4
"""Walks that go side by side in a partition; a customer keeps the last number of each lane."""
MOST_WALKS = 32
"""Walks of a partition that go or wait; a touchpoint to everyone beyond is a dead letter."""
KNOWN_IDS = 256
"""Ids of the last walks that are remembered, so that none begins twice."""
SKEW_MS = 60_000
"""How far the clocks of two machines may be apart: who came longer after a walk began is surely not meant by it."""
REKEYED = "touchpoints.rekeyed"

Plan = Callable[[], Planned]
Hold = Callable[[int], int]
"""Until when marketing proposed at an instant is held; 0 for not at all."""


class Fanouts:
    """The walks of a partition, and what its changelog remembers of them (docs/fanout.md).

    `next_at` (ms) is when anything is due here, NEVER where nothing is. `strict`: with the clock of the events, where
    everything happens exactly at its instant. Without `paced` a walk takes everyone at once; without `proof` nobody
    writes what happens here, and a walk need not wait for that. `met` counts customers by event type, `skipped` runs of
    schedules; whoever exports them takes them out.
    """

    def __init__(
        self, processor: Processor, plan: Plan, *, strict: bool, paced: bool = True, proof: bool = True
    ) -> None:
        self.next_at = NEVER
        self.met: Counter[str] = Counter()
        self.skipped = 0
        self._processor = processor
        self._plan = plan
        self._strict = strict
        self._paced = paced
        self._proof = proof
        self._planned: Planned | None = None
        self._paces: Mapping[str, int] = {}
        self._timed = False
        self._calendar = Calendar((), {}, 0)
        self._on_time = True
        record = processor.store.get(FANOUTS)
        self._state = Walks() if record is None or record.walks is None else record.walks
        walked = self._durable()
        self._going = {
            walk.number: Going(walk, walked.get(walk.number, Walked())) for walk in self._state.walks if walk.goes
        }
        self._unproven = bool(self._going)
        self._ended = any(going.walked.ended for going in self._going.values())

    @property
    def active(self) -> int:
        """How many walks go or wait."""
        return len(self._state.walks)

    @property
    def waits(self) -> bool:
        """Whether a walk waits for its proof, so that with the clock of the events nothing may go before it."""
        return self._strict and self._unproven

    def walked(self) -> dict[int, Walked]:
        """How far each walk is that goes, for the positions."""
        return {number: going.walked for number, going in self._going.items()}

    def take(self, origin: str, offset: int, event: Event, at: int, row: Row, name: str) -> None:
        """Takes a touchpoint to everyone at `offset` of `origin`, unless it was taken: here, and for all the others.

        `row` is the record it came in, of the topic `name`; it is a dead letter where too many walks wait already.
        """
        processor = self._processor
        if name != REKEYED:
            for target in range(processor.partitions):
                if target != processor.partition:
                    processor.forward(origin, offset, event, target, row)
        record = self._record()
        if record.applied.get(origin, -1) >= offset:
            processor.counts.repeated += 1
            return
        record.applied[origin] = offset
        if event.type == STOP:
            self._stop(event, at)
        elif event.id in self._state.known:
            processor.counts.duplicates += 1
        elif len(self._state.walks) >= MOST_WALKS:
            processor.refuse(row, name, f"{MOST_WALKS} fan-outs go or wait here already; stop one, or send it later")
        else:
            self._begin(event, event.type, at, self._paces.get(event.type, PACE))
        self._changed(at)

    def look(self, clock: int, *, on_time: bool) -> None:
        """Takes note of new definitions and of what was proven. Unless `on_time`, no run of a schedule begins."""
        planned = self._plan()
        if planned is not self._planned:
            self._planned, self._paces, self._timed = planned, dict(planned.paces), False
        if not self._timed and clock > 0:
            self._plan_times(planned, clock)
        if self._unproven:
            self._prove(clock)
        if self._ended:
            self._forget_ended(clock)
        if on_time != self._on_time:
            self._on_time = on_time
            self._aim()

    def act(self, clock: int, hold: Hold) -> bool:
        """Does the next thing that is due by `clock`; gives whether it may have taken long enough to look elsewhere."""
        if self._on_time and self._calendar.next_at <= clock:
            self._run(clock)
            return True
        going = min(self._going.values(), key=lambda each: (each.next_at, each.walk.number))
        met = False
        for key in going.passing():
            met = self._meet(going, key, clock, hold)
            going.passed(key, met=met)
            if met:
                going.wait(clock, strict=self._strict)
                break
        if going.walked.ended:
            self._ended = True
            self._changed(clock)
            if not self._proof:
                self._forget_ended(clock)
        self._aim()
        return not met

    def _meet(self, going: Going, key: bytes, clock: int, hold: Hold) -> bool:
        """Decides the event for one customer; gives false for one who is not concerned."""
        processor, walk, store = self._processor, going.walk, self._processor.store
        release = walk.event.type == RELEASE_REACHED
        # A release passes by most; kept, all of them would lie decoded in memory until the next round of writes.
        record = store.look(key) if release else store.get(key)
        customer = None if record is None else record.customer
        if record is None or customer is None or customer.erased_at:
            return False
        if customer.created_at > walk.begun_at + SKEW_MS:
            return False
        if record.applied.get(walk.origin, -1) >= walk.number:
            processor.counts.repeated += 1
            return False
        if release and self._planned is not None and not self._planned.concerns(customer):
            return False
        if release:
            record = store.get(key) or record
        event = addressed(walk.event, customer.id)
        # After a crash the clock may be behind what the customer has seen; nobody's own time goes back.
        at = max(clock, customer.updated_at)
        given = EventArrived(event, at, hold(at))
        processor.meet(key, record, walk.origin, walk.number, given, going.event_bytes)
        self.met[self._label(event.type)] += 1
        return True

    def _label(self, type_: str) -> str:
        """A type by which customers are counted: those that senders make up are one."""
        return type_ if type_ in OURS or type_ in self._paces else "other"

    def _plan_times(self, planned: Planned, clock: int) -> None:
        """Schedules hold from here on; those that are gone are forgotten. A newer release is walked for."""
        self._timed = True
        calendar = self._calendar = Calendar(planned.schedules, self._state.dues, clock)
        if planned.backfills > self._state.release:
            self._state.release = planned.backfills
            self._begin(backfill_of(planned.backfills, clock), "release", clock, planned.backfill_pace or PACE)
            self._changed(clock)
        elif calendar.settled != self._state.dues:
            self._changed(clock)
        self._aim()

    def _run(self, clock: int) -> None:
        """Begins what schedules make due; of runs of one schedule at most one waits, the newest."""
        for schedule, told in self._calendar.due(clock):
            skipped = told.skipped
            if told.due_at:
                skipped += self._queue(schedule, told.due_at, clock)
            if skipped:
                self.skipped += skipped
                log.warning(
                    "partition %d: %d runs of the schedule %s of %s were missed or overtaken, and are skipped",
                    self._processor.partition, skipped, schedule.cron, schedule.journey,
                )  # fmt: skip
        self._changed(clock)

    def _queue(self, schedule: Schedule, due_at: int, clock: int) -> int:
        """Begins a run, or lets it wait for the one that goes; gives how many that waited it takes the place of."""
        line, event = line_of(schedule), run_of(schedule, due_at)
        waiting = [walk for walk in self._state.walks if walk.line == line and not walk.goes]
        self._state.walks = [walk for walk in self._state.walks if walk not in waiting]
        if event.id in self._state.known:
            return len(waiting)
        self._begin(event, line, clock, schedule.pace)
        return len(waiting)

    def _begin(self, event: Event, line: str, at: int, pace: int) -> None:
        share_of = share(pace, self._processor.partitions) if self._paced and pace else 0.0
        self._state.walks = [*self._state.walks, Walk(event.id, line, event, at, pace=share_of)]
        self._state.known = with_item(self._state.known, event.id, at, KNOWN_IDS)
        told = about(event=event.id, event_type=event.type, partition=self._processor.partition)
        log.info("a fan-out begins, or waits for its turn", extra=told)

    def _stop(self, event: Event, at: int) -> None:
        """Ends the walks of an id, and lets none begin that has not come yet."""
        stopped = str(event.properties.get("id", ""))
        self._state.known = with_item(self._state.known, stopped, at, KNOWN_IDS)
        for walk in [walk for walk in self._state.walks if walk.id == stopped]:
            self._forget(walk)
            log.info("a fan-out is stopped", extra=about(event=stopped, partition=self._processor.partition))

    def _forget_ended(self, clock: int) -> None:
        """Walks whose end the proven positions name are over: all that they met is durable."""
        durable = self._durable()
        over = [
            going.walk
            for number, going in self._going.items()
            if going.walked.ended and (not self._proof or durable.get(number, Walked()).ended)
        ]
        for walk in over:
            self._forget(walk)
            told = about(event=walk.id, event_type=walk.event.type, partition=self._processor.partition)
            log.info("a fan-out has met everyone", extra=told)
        if over:
            self._ended = any(going.walked.ended for going in self._going.values())
            self._changed(clock)

    def _durable(self) -> dict[int, Walked]:
        positions = self._processor.store.mark.positions
        return {} if positions is None else positions.walks

    def _forget(self, walk: Walk) -> None:
        self._state.walks = [each for each in self._state.walks if each is not walk]
        self._going.pop(walk.number, None)

    def _changed(self, clock: int) -> None:
        """Lets go whoever may, and has the record written with the next lazy pass."""
        self._start()
        state, record = self._state, self._record()
        if self._timed:
            state.dues = dict(self._calendar.settled)
        record.walks = state
        self._processor.dirty[FANOUTS] = record
        self._aim()

    def _start(self) -> None:
        """Gives numbers to those whose turn it is: the first of each line, while a lane is free."""
        lines = {going.walk.line for going in self._going.values()}
        free = sorted(set(range(LANES)) - {going.walk.lane for going in self._going.values()}, reverse=True)
        walks = []
        for walk in self._state.walks:
            started = walk
            if not walk.goes and free and walk.line not in lines:
                self._state.number += 1
                started = Walk(walk.id, walk.line, walk.event, walk.begun_at, free.pop(), self._state.number, walk.pace)
                self._going[started.number] = Going(started, Walked())
                self._unproven = True
            lines.add(walk.line)
            walks.append(started)
        self._state.walks = walks

    def _prove(self, clock: int) -> None:
        """Walks that the proven positions name are durable, and so is the record that gave them their numbers."""
        durable = self._durable()
        for number, going in self._going.items():
            if number in durable or not self._proof:
                going.prove(self._processor.store, clock)
        self._unproven = not all(going.proven for going in self._going.values())
        self._aim()

    def _aim(self) -> None:
        due = self._calendar.next_at if self._on_time else NEVER
        self.next_at = min([due, *(going.next_at for going in self._going.values())])

    def _record(self) -> Record:
        store = self._processor.store
        record = store.get(FANOUTS)
        if record is None:
            record = Record(None)
            store.put(FANOUTS, record)
        return record
