"""How far behind the engine is: each input by the changelog's own positions, and dispatchers by what they committed."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from state.changelog import MARKER, POSITIONS, Positions, decode_positions
from streams.broker.source import Spot
from streams.inputs import Inputs
from streams.operations.groups import Groups
from streams.operations.letters import DEAD
from streams.operations.sweep import Stretch, Sweep
from streams.settings import Settings
from streams.touchpoints.record import Record

TAIL_RECORDS = 2_000
"""How much of a changelog's end is looked through at first for its last positions; what holds none, 16 times that."""

NEAR_RECORDS = 50
"""How far behind a position its first record is looked for."""


class Lag(msgspec.Struct):
    """One input of the engine: a partition of a topic, with the end of its log and where `reader` goes on.

    `applied` is -1 where nothing says how far it is; `at` (ms) is when the oldest record not applied was appended, 0
    where there is none; `owner` names who has the partition in the group now, empty for nobody.
    """

    reader: str
    topic: str
    partition: int
    end: int
    applied: int
    at: int = 0
    owner: str = ""

    @property
    def records(self) -> int:
        """How many records are not applied, of a log without gaps."""
        return max(0, self.end - self.applied) if self.applied >= 0 else 0

    def seconds(self, now: int) -> float:
        """The age of the oldest record that is not applied, 0 where all are."""
        return max(0, now - self.at) / 1000 if self.at else 0.0


class Tail:
    """The last counting positions of a changelog that is read from somewhere before its end, and then followed.

    Positions count whose epoch is not older than any marker known before them. Where the reading began behind a marker
    that nothing read names, a former owner's positions count until those of the present one come, within a minute.
    """

    def __init__(self) -> None:
        self.positions: Positions | None = None
        self.next = -1
        self._marker = -1

    def take(self, rows: Iterable[Record]) -> None:
        """Takes the next records."""
        for row in rows:
            key = row.key or b""
            if key.startswith(MARKER):
                self._marker = row.offset
            elif key == POSITIONS:
                positions = decode_positions(row.offset, row.value or b"")
                if positions.epoch >= self._marker:
                    self._marker, self.positions = positions.epoch, positions


class Lags:
    """Looks again and again, and reads of the changelog only what came since. Raises CodecError for a damaged one."""

    def __init__(
        self, settings: Settings, sweep: Sweep, counts: Mapping[str, int], topic_ids: Mapping[str, str]
    ) -> None:
        start = settings.topic("touchpoints.")
        inputs = {name: count for name, count in counts.items() if _is_input(name, start, settings.topic("ticks"))}
        self._partitions = counts.get(settings.topic("state"), 0)
        told = settings.model_copy(update={"partitions": max(1, self._partitions)})
        self._inputs = Inputs(told, inputs, topic_ids)
        self._state = settings.topic("state")
        waiting = settings.topic("actions.waiting.")
        self._parked = [name for name in sorted(counts) if name.startswith(waiting) and not name.endswith(DEAD)]
        self._outgoing = [("dispatcher", settings.topic("actions")), ("caller", settings.topic("calls"))]
        self._outgoing += [("dispatcher", name) for name in self._parked]
        self._sweep = sweep
        self._tails = [Tail() for _ in range(self._partitions)]

    async def look(self, groups: Groups) -> list[Lag]:
        """Every input now, workers' before dispatchers'."""
        await self._follow()
        named = {number: self._inputs.spots(number) for number in range(self._partitions)}
        spots = [spot for some in named.values() for spot in some]
        outgoing = [(topic, number) for _, topic in self._outgoing for number in named]
        bounds = await self._sweep.bounds([*spots, *outgoing])
        told = [(spot, name, number) for number, some in named.items() for spot, name in some.items()]
        lags = [self._lag(spot, name, number, bounds[spot], groups) for spot, name, number in told]
        lags.sort(key=lambda lag: (lag.topic, lag.partition))
        for role, topic in self._outgoing:
            for number in named:
                first, end = bounds[topic, number]
                at = groups.committed(role, topic, number)
                applied = first if at is None else at
                if topic not in self._parked or end > applied:
                    lags.append(Lag(role, topic, number, end, applied, owner=groups.owner(role, number)))
        await self._date(lags, {spot: first for spot, (first, _) in bounds.items()})
        return lags

    async def _follow(self) -> None:
        """Brings the tails to the ends of their logs; one that holds no positions begins further back."""
        bounds = await self._sweep.bounds((self._state, number) for number in range(self._partitions))
        looked, wanted = TAIL_RECORDS, list(range(self._partitions))
        while wanted:
            stretches: dict[Spot, Stretch] = {}
            for number in wanted:
                first, end = bounds[self._state, number]
                tail = self._tails[number]
                stretches[self._state, number] = (tail.next if tail.next >= 0 else max(first, end - looked), end)
                tail.next = end
            async for (_, number), rows in self._sweep.read(stretches):
                self._tails[number].take(rows)
            silent = [number for number in wanted if self._tails[number].positions is None]
            wanted = [number for number in silent if stretches[self._state, number][0] > bounds[self._state, number][0]]
            looked *= 16
            for number in wanted:
                self._tails[number] = Tail()

    def _lag(self, spot: Spot, name: str, number: int, bounds: Stretch, groups: Groups) -> Lag:
        positions = self._tails[number].positions
        first, end = bounds
        if positions is None:
            applied = groups.committed("worker", *spot)
            applied = -1 if applied is None else applied
        elif positions.topic_ids.get(name, "") in ("", self._inputs.topic_ids.get(spot[0], "")):
            # An input that came later is read from its start.
            applied = positions.offsets.get(name, first)
        else:
            applied = -1
        return Lag("worker", *spot, end, applied, owner=groups.owner("worker", number))

    async def _date(self, lags: Sequence[Lag], firsts: Mapping[Spot, int]) -> None:
        """Finds when the first record that is not applied was appended; transactions leave offsets without a record."""
        behind = {(lag.topic, lag.partition): lag for lag in lags if lag.records}
        starts = {spot: max(firsts[spot], lag.applied) for spot, lag in behind.items()}
        stretches = {spot: (at, min(behind[spot].end, at + NEAR_RECORDS)) for spot, at in starts.items()}
        async for spot, rows in self._sweep.read(stretches):
            behind[spot].at = behind[spot].at or rows[0].timestamp
        for spot, lag in behind.items():
            if not lag.at and stretches[spot][1] == lag.end:
                lag.applied = lag.end


def _is_input(topic: str, touchpoints: str, ticks: str) -> bool:
    return topic == ticks or (topic.startswith(touchpoints) and not topic.endswith(".dead"))
