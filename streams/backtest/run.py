"""A backtest from first to last: sources are brought into order, handed to the crew, and what came of it gathered."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streams.backtest.crew import BATCH, Here, Outcome, Parts, Processes
from streams.backtest.order import NEVER, Ordered, Range, in_play
from streams.backtest.passed import BEGIN, EVERY_SHARD, BacktestFault, Passed, Source
from streams.touchpoints.instants import AHEAD_MS

WINDOW = 20_000
_LOOK = 5000


class Plan(NamedTuple):
    """What is played. `until` (ms): where the play ends, 0 for the end of the recording.

    `context` is what changes places and weather, by instant. `window` is that of streams/backtest/order.py.
    """

    parts: Parts
    sources: Sequence[Source]
    jobs: int = 1
    start: int = 0
    end: int = NEVER
    until: int = 0
    window: int = WINDOW
    context: Sequence[Passed] = ()


@dataclass
class Played:
    """What came of a backtest: `met` on the way into the play, which went from `began_at` to `ended_at` (ms)."""

    met: Ordered
    outcome: Outcome
    played: int = 0
    began_at: int = 0
    ended_at: int = 0
    beyond: int = 0
    seconds: float = 0.0


class Crew(Protocol):
    """Players by shard. `plain`: a batch of events that came in time, and of nothing else."""

    def play(self, shard: int, batch: list[Passed], plain: bool) -> None: ...

    def end(self, at: int) -> list[Outcome]: ...

    def close(self) -> None: ...


Progress = Callable[[int, float], None]
"""Is told how many events are played, and which part of the recording is read, 0 to 1."""


def run(plan: Plan, progress: Progress) -> Played:
    """Plays the plan. The outcome does not depend on the number of jobs. Raises BacktestFault, also for no events."""
    began = time.monotonic()
    met = Ordered()
    played = Played(met, Outcome())
    crew: Crew = Here(plan.parts) if plan.jobs == 1 else Processes(plan.parts, plan.jobs)
    try:
        _Hands(plan, crew, played, progress).play()
        for outcome in crew.end(played.ended_at):
            played.outcome.merge(outcome)
    finally:
        crew.close()
    played.outcome.rejects.merge(met.rejects)
    played.seconds = time.monotonic() - began
    return played


class _Hands:
    """Hands out events in batches to their shards, and changes of the context to all, each in its place."""

    def __init__(self, plan: Plan, crew: Crew, played: Played, progress: Progress) -> None:
        self._plan = plan
        self._crew = crew
        self._played = played
        self._progress = progress
        self._batches: list[list[Passed]] = [[] for _ in range(plan.jobs)]
        self._plain = [True] * plan.jobs
        self._changes = deque(plan.context)

    def play(self) -> None:
        plan, played = self._plan, self._played
        until = plan.until or NEVER
        for passed in self._events():
            if passed.at > until:
                played.beyond += 1
                continue
            # Those left out before it moved the clock of the recording, but never that of the play beyond its end.
            passed.clock = min(passed.clock, until)
            if not played.played:
                played.began_at = passed.at
                self._to_all(Passed(BEGIN, 0, None, at=passed.at))
            self._change_by(passed.clock or passed.at)
            played.played += 1
            if passed.shard == EVERY_SHARD:
                self._to_all(passed)
            else:
                self._give(passed.shard, passed, plain=not passed.clock)
            if not played.played % _LOOK:
                self._progress(played.played, _read(plan.sources))
        self._refuse_nothing()
        played.ended_at = self._ends_at()
        self._change_by(played.ended_at)
        for shard in range(plan.jobs):
            self._hand(shard)
        self._progress(played.played, 1.0)

    def _events(self) -> Iterator[Passed]:
        plan = self._plan
        latest = max(time.time_ns() // 1_000_000 + AHEAD_MS, plan.until, 0 if plan.end == NEVER else plan.end)
        span = Range(plan.start, plan.end, latest)
        return in_play(plan.sources, plan.jobs, plan.window, span, self._played.met, plan.parts.heard())

    def _ends_at(self) -> int:
        """Where the play ends: as said, else where the recording does, but never before its last event."""
        plan, met = self._plan, self._played.met
        if plan.until:
            return plan.until
        return max(met.clock, *(min(source.ends_at, plan.end - 1) for source in plan.sources))

    def _change_by(self, at: int) -> None:
        """The context changes as it did by an instant (ms)."""
        while self._changes and self._changes[0].at <= at:
            self._to_all(self._changes.popleft())

    def _to_all(self, change: Passed) -> None:
        for shard in range(self._plan.jobs):
            self._give(shard, change, plain=False)

    def _give(self, shard: int, passed: Passed, plain: bool) -> None:
        batch = self._batches[shard]
        batch.append(passed)
        if not plain:
            self._plain[shard] = False
        if len(batch) >= BATCH:
            self._hand(shard)

    def _hand(self, shard: int) -> None:
        batch, plain = self._batches[shard], self._plain[shard]
        self._batches[shard], self._plain[shard] = [], True
        self._crew.play(shard, batch, plain)

    def _refuse_nothing(self) -> None:
        met, played = self._played.met, self._played
        if played.played:
            return
        names = ", ".join(source.name for source in self._plan.sources)
        if met.rejects.first:
            count = sum(met.rejects.codes.values())
            raise BacktestFault(
                f"{names}: none of {count} records is a touchpoint; the first: {met.rejects.first[0][1]}"
            )
        left_out = met.outside + played.beyond
        what = f"{left_out} events lie outside the range" if left_out else "no event is there"
        raise BacktestFault(f"{names}: {what}, expected at least one within it; give another file, topic or range")


def _read(sources: Sequence[Source]) -> float:
    total = sum(source.total for source in sources)
    return sum(source.done for source in sources) / total if total else 1.0
