"""One partition: its input lanes merged by append time, its clock, and its timers, brought to the processor one by
one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from engine.event import Event
from state.changelog import Positions
from streams.broker.publish import Out
from streams.broker.source import Spot
from streams.holding import CAUGHT_UP_MS, Holding
from streams.lane import Lane
from streams.processor import Processor
from streams.touchpoints.decoder import TICKS, Decoder, Forward, Rejected, dead_letter, decode_forward
from streams.touchpoints.decoder import Record as Row

Lanes = dict[Spot, Lane]


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
        self._holding = Holding()
        self._now = 0
        self.decoders = {lane.topic: decoder(lane.topic) for lane in lanes}
        self._head: tuple[Row, Event | Forward | Rejected] | None = None
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

    @property
    def behind(self) -> bool:
        """Whether any lane has something unread."""
        return any(lane.behind for lane in self.lanes.values())

    def step(self, budget: int) -> int:
        """Applies up to about `budget` inputs and timers; gives how many. 0 means that nothing can be done now."""
        self._now = 0 if self._event_clock else self._wall()
        if self._now - self.clock <= CAUGHT_UP_MS:
            self._holding.over()
        done = 0
        while done < budget:
            lane = self._next_lane()
            if lane is None:
                break
            done += self._row(lane, budget - done)
        if done < budget and not self._event_clock and not self.behind:
            done += self._advance(max(self.clock, self._wall()), budget - done)
        return done

    def wait_ms(self) -> int | None:
        """How long until the next timer is due by the wall clock, None where nothing is due by itself."""
        due = self.processor.timers.next_due()
        if not due or self._event_clock:
            return None
        return max(0, due - self._wall())

    def _next_lane(self) -> Lane | None:
        best: Lane | None = None
        best_at = 0
        for lane in self.lanes.values():
            row = lane.head
            if row is None:
                if lane.lagging:
                    return None
                continue
            if best is None or (row.timestamp, lane.rank) < (best_at, best.rank):
                best, best_at = lane, row.timestamp
        if best is not None and best.name == TICKS and self._told != best.next:
            self._asked = best.next
            return None
        return best

    def _row(self, lane: Lane, budget: int) -> int:
        """Brings the clock to the lane's next row and applies it, unless timers before it use up the budget."""
        row = lane.head
        if row is None:
            return 0
        given = self._decoded(lane, row)
        instant = self._instant(row, given)
        done = self._advance(instant, budget)
        if done >= budget and self._due(instant):
            return done
        self.clock = max(self.clock, instant)
        self._apply(lane, row, given)
        lane.pop()
        self._head = None
        return done + 1

    def _decoded(self, lane: Lane, row: Row) -> Event | Forward | Rejected:
        if self._head is not None and self._head[0] is row:
            return self._head[1]
        given = decode_forward(row) if lane.name == "touchpoints.rekeyed" else self.decoders[lane.topic].decode(row)
        self._head = (row, given)
        return given

    def _instant(self, row: Row, given: Event | Forward | Rejected) -> int:
        """The clock's instant at this row; it never goes back."""
        if isinstance(given, Rejected):
            return self.clock
        if not self._event_clock:
            return max(self.clock, min(row.timestamp, self._wall()))
        event = given.event if isinstance(given, Forward) else given
        return max(self.clock, event.occurred_at) if event.timed else self.clock

    def _due(self, instant: int) -> bool:
        due = self.processor.timers.next_due()
        return bool(due) and due <= instant

    def _advance(self, instant: int, budget: int) -> int:
        """Fires what is due by `instant`, at most `budget` timers, and brings the clock there when all has fired."""
        fired = 0
        timers = self.processor.timers
        while fired < budget:
            due = timers.pop(instant)
            if due is None:
                self.clock = instant
                return fired
            at, customer = due
            self.clock = max(self.clock, at)
            self.processor.fire(customer, at, self._hold(at))
            if not self._event_clock:
                self.lateness.append(self._wall() - at)
            fired += 1
        return fired

    def _hold(self, instant: int) -> int:
        """Until when marketing proposed at `instant` is held, 0 where nothing lags, and always with the event clock."""
        lag = self._now - instant
        return 0 if lag <= CAUGHT_UP_MS else self._holding.until(lag, self._now, self.processor.held)

    def _apply(self, lane: Lane, row: Row, given: Event | Forward | Rejected) -> None:
        if isinstance(given, Rejected):
            self.dead.append((f"{lane.name}.dead", dead_letter(row, given.code, given.reason)))
            return
        if isinstance(given, Forward):
            event, hold = self._timed(given.event), self._hold(self.clock)
            self.processor.arrive(given.source, given.seq, event, self.clock, row, lane.name, hold)
        elif lane.name != TICKS:
            self.events[lane.channel] += 1
            event, hold = self._timed(given), self._hold(self.clock)
            self.processor.arrive(lane.origin, row.offset, event, self.clock, row, lane.name, hold)

    def _timed(self, event: Event) -> Event:
        """With the event clock, an event whose sender gave no instant takes the clock's."""
        if self._event_clock and not event.timed:
            return msgspec.structs.replace(event, occurred_at=self.clock)
        return event
