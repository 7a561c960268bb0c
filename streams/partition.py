"""One partition: its input lanes merged by append time, its clock, and its timers, brought to the processor one by
one.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from engine.event import Event
from state.changelog import Positions
from state.timers import NEVER
from streams.broker.publish import Out, weight
from streams.broker.source import Spot
from streams.crowd import Crowd
from streams.fanout.fanouts import Fanouts, Plan
from streams.fanout.planned import Unplanned
from streams.holding import CAUGHT_UP_MS, HOLD_LAG_MS, Holding
from streams.lane import Given, Lane
from streams.observing.logs import about
from streams.processor import Processor
from streams.touchpoints.decoder import TICKS, Decoder, Forward, Rejected, dead_letter
from streams.touchpoints.decoder import Record as Row
from streams.touchpoints.ids import EVERYONE

log = logging.getLogger(__name__)

FANOUT_SLICE = 20
"""Customers that fan-outs meet between two looks at the events, which they shall not keep waiting."""
LOOK_MS = 10
"""How long a partition with nothing in hand is left alone: whether anything is unread has a price for each lane."""
UNPLANNED = Unplanned()

Lanes = dict[Spot, Lane]
Place = tuple[int, tuple[bool, str, int]]
"""Where a row stands among those of all lanes: its append time (ms), then the rank of its lane."""


class Turn(NamedTuple):
    """A lane whose rows up to the append time `last_at` (ms) come before those of every other lane."""

    lane: Lane
    last_at: int


class Partition:
    """The inputs of one partition in the order of ARCHITECTURE.md.

    While any lane has unread rows, the row with the smallest append time comes next, and a lane with nothing in hand
    but something in the log holds the others up. `clock` (ms) never goes back. `dead` holds what could not be decoded,
    as (topic, record), to be published before positions behind it are. `events` (by channel) and `lateness` (ms, of
    timers) are counts that whoever exports them takes out.
    """

    def __init__(
        self,
        number: int,
        processor: Processor,
        lanes: Sequence[Lane],
        decoder: Callable[[str], Decoder],
        wall: Callable[[], int],
        *,
        event_clock: bool = False,
        clock: int = 0,
        plan: Plan = lambda: UNPLANNED,
        paced: bool = True,
        proof: bool = True,
    ) -> None:
        self.number = number
        self.processor = processor
        self.lanes: Lanes = {(lane.topic, lane.partition): lane for lane in lanes}
        self.clock = clock
        self.dead: list[tuple[str, Out]] = []
        self.lateness: list[int] = []
        self.events: Counter[str] = Counter()
        self._wall = wall
        self._event_clock = event_clock
        self.decoders = {lane.topic: decoder(lane.topic) for lane in lanes if lane.name != "touchpoints.rekeyed"}
        for lane in lanes:
            if lane.topic in self.decoders:
                lane.decode = self.decoders[lane.topic].decode
        self.fanouts = Fanouts(processor, plan, strict=event_clock, paced=paced, proof=proof)
        # Where nobody writes, nothing ever leaves that could make room.
        self._crowd = processor.crowd if proof else Crowd()
        self._holding = Holding()
        self._now = 0
        self._looked_at = 0
        self._all_read = False
        self._unread: Collection[Lane] = ()
        self._head: tuple[Row, Given] | None = None
        self._asked: int | None = None
        self._told: int | None = None

    def offer(self, topic: str, partition: int, rows: Sequence[Row]) -> None:
        """Takes fetched rows of one lane."""
        self.lanes[topic, partition].offer(rows)

    def positions(self, epoch: int) -> Positions:
        """How far the inputs are applied, with the clock."""
        return Positions(
            epoch,
            {f"{lane.name}/{lane.partition}": lane.next for lane in self.lanes.values()},
            {f"{lane.name}/{lane.partition}": lane.topic_id for lane in self.lanes.values()},
            self.clock,
            self.fanouts.walked(),
        )

    @property
    def asks(self) -> bool:
        """Whether a tick comes next, and the ends of the other lanes must be asked for first (`tell`).

        A tick moves the clock for all, so that it must not overtake what was appended before it elsewhere, and what the
        last fetches said of the other logs' ends may be older than the tick.
        """
        return self._asked != self._told

    def tell(self, ends: Mapping[Spot, int]) -> None:
        """The ends of the other lanes' logs, asked for after the tick was seen."""
        for spot, end in ends.items():
            self.lanes[spot].end = end
        self._told = self._asked

    def step(self, budget: int) -> int:
        """Applies up to about `budget` inputs and timers; gives how many. 0 means that nothing can be done now."""
        now = self._wall()
        if self._rests(now) or self._crowd.stays():
            return 0
        self._now = 0 if self._event_clock else now
        self._unread = self.lanes.values()
        if self._now - self.clock <= CAUGHT_UP_MS:
            self._holding.over()
        fanouts = self.fanouts
        fanouts.look(self.clock, on_time=self._now - self.clock <= HOLD_LAG_MS)
        done = self._advance(self.clock, budget) if self._event_clock and fanouts.next_at <= self.clock else 0
        while done < budget and not self._crowd:
            turn = self._next_turn()
            if turn is None:
                break
            done += self._take_turn(turn, budget - done, now)
        if done < budget and self._all_read and not self._event_clock:
            done += self._advance(max(self.clock, now), budget - done)
        if fanouts.next_at <= self.clock and not self._event_clock:
            done += self._fan_out()
        return done

    def _rests(self, now: int) -> bool:
        """Whether nothing is in hand and nothing due, and a moment ago that was looked at thoroughly."""
        if self._event_clock or self.processor.timers.earliest <= now or self.fanouts.active:
            return False
        for lane in self.lanes.values():
            if lane.rows:
                return False
        if self._looked_at <= now < self._looked_at + LOOK_MS:
            return True
        self._looked_at = now
        return False

    def _fan_out(self) -> int:
        """With the wall clock fan-outs take what time is left, a slice at a time; gives how many things were done."""
        for done in range(FANOUT_SLICE):
            if self.fanouts.next_at > self.clock:
                return done
            if self.fanouts.act(self.clock, self._hold):
                return done + 1
        return FANOUT_SLICE

    def wait_ms(self) -> int | None:
        """How long until the next timer or customer of a fan-out may be due by the wall clock, None for never."""
        earliest = min(self.processor.timers.earliest, self.fanouts.next_at)
        if earliest == NEVER or self._event_clock:
            return None
        return max(0, earliest - self._wall())

    def overdue(self) -> tuple[int, int]:
        """How many customers have a timer that is due and has not fired, and how long (ms) the earliest is."""
        timers, now = self.processor.timers, self.clock if self._event_clock else self._wall()
        if timers.earliest > now:
            return 0, 0
        late_ms = max(0, now - timers.next_due())
        return timers.overdue(now), late_ms

    def _next_turn(self) -> Turn | None:
        """The lane whose row comes next, and how far its rows go before those of the others."""
        self._all_read = False
        if self.fanouts.waits:
            return None
        first: Place | None = None
        second: Place | None = None
        for lane in self._unread:
            if not lane.rows:
                if lane.lagging:
                    return None
                # Nothing is fetched during a step, so that what holds once does until its end.
                self._unread = [each for each in self._unread if each is not lane]
                continue
            place = (lane.rows[0].timestamp, lane.rank)
            if first is None or place < first:
                first, second, best = place, first, lane
            elif second is None or place < second:
                second = place
        self._all_read = first is None
        if first is None:
            return None
        if best.name == TICKS and self._told != best.next:
            self._asked = best.next
            return None
        if second is None:
            return Turn(best, NEVER)
        return Turn(best, second[0] if best.rank < second[1] else second[0] - 1)

    def _take_turn(self, turn: Turn, budget: int, now: int) -> int:
        """Applies rows of the turn's lane, each after the timers due before it; ends early with the budget."""
        lane, last_at = turn
        name, origin, decode = lane.name, lane.origin, lane.decode
        timers, arrive, fanouts, crowd = self.processor.timers, self.processor.arrive, self.fanouts, self._crowd
        by_wall, catching_up, clock = not self._event_clock, self._now - CAUGHT_UP_MS, self.clock
        fired = applied = touchpoints = 0
        for row in islice(lane.rows, 1 if name == TICKS else budget):
            at = row.timestamp
            if at > last_at or fired + applied >= budget or crowd:
                break
            given = decode(row) if self._head is None else self._decoded(lane, row)
            plain = by_wall and type(given) is Event
            instant = (at if at < now else now) if plain else self._told_instant(at, given, now)
            if instant < clock:
                instant = clock
            if timers.earliest <= instant or (not by_wall and fanouts.next_at <= instant):
                fired += self._advance(instant, budget - fired - applied)
                if fanouts.waits or (fired + applied >= budget and self._due(instant)):
                    self._head = (row, given)
                    break
            clock = instant
            applied += 1
            if not isinstance(given, Event):
                self._apply(lane, row, given, clock)
                if fanouts.waits:
                    break
            elif name != TICKS:
                touchpoints += 1
                event = given if by_wall else self._timed(given, clock)
                if event.customer == EVERYONE:
                    fanouts.take(origin, row.offset, event, clock, row, name)
                    break
                arrive(origin, row.offset, event, clock, row, name, self._hold(clock) if clock < catching_up else 0)
        self.clock = max(self.clock, clock)
        lane.drop(applied)
        if touchpoints:
            self.events[lane.channel] += touchpoints
        return fired + applied

    def _decoded(self, lane: Lane, row: Row) -> Given:
        """The row's event, decoded once also where timers before it used up a budget."""
        head, self._head = self._head, None
        return head[1] if head is not None and head[0] is row else lane.decode(row)

    def _told_instant(self, at: int, given: Given, now: int) -> int:
        """The instant to which an input appended at `at` moves the clock; 0 where it does not."""
        if isinstance(given, Rejected):
            return 0
        if not self._event_clock:
            return min(at, now)
        event = given.event if isinstance(given, Forward) else given
        return event.occurred_at if event.timed else 0

    def _due(self, instant: int) -> bool:
        """Whether a timer is due by `instant`, or with the clock of the events a customer of a fan-out."""
        return 0 < self.processor.timers.next_due() <= instant or (
            self._event_clock and self.fanouts.next_at <= instant
        )

    def _advance(self, instant: int, budget: int) -> int:
        """Fires what is due by `instant`, at most `budget` timers, and brings the clock there when all has fired."""
        fired = 0
        timers, fanouts = self.processor.timers, self.fanouts
        while fired < budget and not fanouts.waits:
            if self._event_clock and fanouts.next_at <= instant and fanouts.next_at < (timers.next_due() or NEVER):
                self.clock = max(self.clock, fanouts.next_at)
                fanouts.act(self.clock, self._hold)
                fired += 1
                continue
            due = timers.pop(instant)
            if due is None:
                self.clock = instant
                return fired
            at, key = due
            self.clock = max(self.clock, at)
            self.processor.fire(key, at, self._hold(at))
            if not self._event_clock:
                self.lateness.append(self._wall() - at)
            fired += 1
        return fired

    def _hold(self, instant: int) -> int:
        """Until when marketing proposed at `instant` is held, 0 where nothing lags, and always with the event clock."""
        lag = self._now - instant
        return 0 if lag <= CAUGHT_UP_MS else self._holding.until(lag, self._now, self.processor.held)

    def _apply(self, lane: Lane, row: Row, given: Given, clock: int) -> None:
        """Applies what is no touchpoint of the lane."""
        if isinstance(given, Rejected):
            letter = dead_letter(row, given.code, given.reason)
            self.dead.append((f"{lane.name}.dead", letter))
            self.processor.unpublished_bytes += weight(letter)
            told = about(topic=row.topic, partition=row.partition, offset=row.offset, code=given.code)
            log.info("a record cannot be processed; the reason lies with it among the dead letters", extra=told)
        elif isinstance(given, Forward):
            event = self._timed(given.event, clock)
            if event.customer == EVERYONE:
                self.fanouts.take(given.source, given.seq, event, clock, row, lane.name)
                return
            self.processor.arrive(given.source, given.seq, event, clock, row, lane.name, self._hold(clock))

    def _timed(self, event: Event, clock: int) -> Event:
        """With the event clock, an event whose sender gave no instant takes the clock's."""
        if self._event_clock and not event.timed:
            return msgspec.structs.replace(event, occurred_at=clock)
        return event
