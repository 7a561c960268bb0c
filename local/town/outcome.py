"""What came of the town: who entered which journey, what left, how tasks ended, as the topics tell it."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median_low

import msgspec

from engine import trace
from engine.decision import Line, Trace
from local.demo.outcome import latencies, left
from local.demo.progress import Progress
from local.demo.touchpoints import iso
from local.town.rhythm import HOUR_MS, MINUTE_MS
from streams.tasks.board import Board, Item

_trace = msgspec.json.Decoder(Trace).decode
LATEST_FIRSTS = 20
"""Of so many enrollments the median is told of how long the first message took."""


class Tally:
    """Counts from `decisions`, and the tasks of `tasks`; records that came before change nothing.

    `now` is the instant of the town (ms, 0 before its first morning), `release` the latest that decided anything, and
    `left` counts messages by journey and channel.
    """

    def __init__(self) -> None:
        self.board = Board()
        self.entered: Counter[str] = Counter()
        self.converted: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.left: Counter[tuple[str, str]] = Counter()
        self.pushes = 0
        self.touchpoints: Counter[str] = Counter()
        self.now = 0
        self.release = 0
        self._seen: set[str] = set()
        self._entered_at: dict[str, int] = {}
        self._firsts_ms: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=LATEST_FIRSTS))

    def decided(self, value: bytes) -> Trace | None:
        """Takes one record of `decisions`, and gives it where it came for the first time."""
        found = _trace(value)
        if found.id in self._seen:
            return None
        self._seen.add(found.id)
        if found.release > self.release:
            self.release = found.release
            # Who is inside finishes on the version entered: none of them tells how the new one goes.
            self._entered_at.clear()
            self._firsts_ms.clear()
        for line in found.lines:
            self._take(line, found.at)
        return found

    def first_after_ms(self, journey: str) -> int | None:
        """How long after the entry the first message went out, the median of the last ones; None before the first.

        Only of those who entered since the latest release came into use.
        """
        found = self._firsts_ms.get(journey)
        return median_low(found) if found else None

    def tasks(self) -> Counter[str]:
        """Tasks by what became of them."""
        return Counter(item.state for item in self.board.items.values())

    def by_channel(self) -> Counter[str]:
        """Messages that left, by channel."""
        found: Counter[str] = Counter()
        for (_, channel), count in self.left.items():
            found[channel] += count
        return found

    def _take(self, line: Line, at: int) -> None:
        if line.what == trace.ENTERED:
            self.entered[line.journey] += 1
            self._entered_at[line.enrollment] = at
        elif line.what == trace.SENT:
            entered_at = self._entered_at.pop(line.enrollment, None)
            if entered_at is not None:
                self._firsts_ms[line.journey].append(at - entered_at)
        elif line.what == trace.GOAL:
            self.converted[line.journey] += 1
        elif line.what == trace.EXITED:
            self.outcomes[line.journey, line.code] += 1
            self._entered_at.pop(line.enrollment, None)


def summary(progress: Progress, tally: Tally, also: Iterable[tuple[str, str]] = ()) -> Iterator[tuple[str, str]]:
    """What to tell at the end, as subject and fact; `also` is told behind the journeys."""
    yield "touchpoints", counts(tally.touchpoints)
    yield "event to action", f"{latencies(progress)}, from the broker's append of the event to that of the action"
    for journey in sorted(tally.entered):
        yield journey, _of_journey(progress, tally, journey)
    yield from also
    yield "by channel", counts(tally.by_channel()) or "nothing left"
    yield "received", f"{progress.mails:,} e-mails, {tally.pushes:,} pushes"
    yield "not sent", counts(Counter(progress.refused.values())) or "nothing was refused at the door"
    yield "tasks", counts(tally.tasks()) or "none"
    yield "restarts", str(progress.restarts)
    yield "all in all", f"{progress.elapsed_seconds:.1f} s"


def _of_journey(progress: Progress, tally: Tally, journey: str) -> str:
    ends = {code: count for (name, code), count in tally.outcomes.items() if name == journey}
    after = tally.first_after_ms(journey)
    first = f", the first {span(after)} after the entry" if after is not None else ""
    goals = f", {tally.converted[journey]:,} converted" if tally.converted[journey] else ""
    sent = f"{tally.entered[journey]:,} entered, {progress.by_journey[journey]:,} sent{first}{goals}"
    return f"{sent}; ended: {counts(ends) or 'none yet'}"


def write_actions(progress: Progress, tally: Tally, path: Path) -> None:
    """One JSON object a line for each message that left and each task: id, customer, journey, step, channel, at."""
    given = [(action, action.channel) for action in left(progress)]
    lines = [_line(one.id, one.customer, one.journey, one.step, channel, one.decided_at) for one, channel in given]
    lines += [_of_task(item) for item in tally.board.listed(closed=True)]
    path.write_bytes(b"".join(lines))


def counts(found: Counter[str] | dict[str, int]) -> str:
    """`email 3, push 1`: by name."""
    pairs: Iterable[tuple[str, int]] = sorted(found.items())
    return ", ".join(f"{name} {count:,}" for name, count in pairs)


def span(ms: int) -> str:
    """`20 h 05 min` of town time."""
    hours, rest = divmod(ms, HOUR_MS)
    return f"{hours} h {rest // MINUTE_MS:02} min" if hours else f"{rest // MINUTE_MS} min"


def _of_task(item: Item) -> bytes:
    task = item.task
    return _line(task.id, task.customer, task.journey, task.step, "task", task.decided_at)


def _line(name: str, customer: str, journey: str, step: str, channel: str, at: int) -> bytes:
    told = {"id": name, "customer": customer, "journey": journey, "step": step, "channel": channel}
    return msgspec.json.encode({**told, "decided_at": iso(at)}) + b"\n"
