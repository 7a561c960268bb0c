"""What came of the town: who entered which journey, what left, how tasks ended, as the topics tell it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from engine import trace
from engine.decision import Trace
from local.demo.outcome import latencies, left
from local.demo.progress import Progress
from local.demo.touchpoints import iso
from local.town.rhythm import clock_text
from streams.tasks.board import Board, Item

_trace = msgspec.json.Decoder(Trace).decode


class Tally:
    """Counts from `decisions`, and the tasks of `tasks`; records that came before change nothing."""

    def __init__(self) -> None:
        self.board = Board()
        self.entered: Counter[str] = Counter()
        self.converted: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.pushes = 0
        self.touchpoints: Counter[str] = Counter()
        self.now = 0
        self._seen: set[str] = set()

    def decided(self, value: bytes) -> None:
        """Takes one record of `decisions`."""
        found = _trace(value)
        if found.id in self._seen:
            return
        self._seen.add(found.id)
        for line in found.lines:
            if line.what == trace.ENTERED:
                self.entered[line.journey] += 1
            elif line.what == trace.GOAL:
                self.converted[line.journey] += 1
            elif line.what == trace.EXITED:
                self.outcomes[line.journey, line.code] += 1

    def tasks(self) -> Counter[str]:
        """Tasks by what became of them."""
        return Counter(item.state for item in self.board.items.values())


def line(progress: Progress, tally: Tally) -> str:
    """The town in one line, for a terminal that shows nothing else."""
    by_channel = Counter(action.channel for action in left(progress))
    return (
        f"{progress.elapsed_seconds:5.1f} s  {clock_text(tally.now)}: {sum(tally.touchpoints.values()):,} touchpoints; "
        f"event to action {latencies(progress)}; {_counts(progress.by_journey) or 'nothing sent yet'}; "
        f"left by {_counts(by_channel) or 'no channel yet'}; tasks {_counts(tally.tasks()) or 'none'}"
    )


def summary(progress: Progress, tally: Tally) -> Iterator[tuple[str, str]]:
    """What to tell at the end, as subject and fact."""
    yield "touchpoints", _counts(tally.touchpoints)
    yield "event to action", f"{latencies(progress)}, from the broker's append of the event to that of the action"
    for journey in sorted(tally.entered):
        ends = {code: count for (name, code), count in tally.outcomes.items() if name == journey}
        sent = progress.by_journey[journey]
        goals = f", {tally.converted[journey]:,} reached its goal" if tally.converted[journey] else ""
        yield journey, f"{tally.entered[journey]:,} entered, {sent:,} sent{goals}; ended: {_counts(ends) or 'none yet'}"
    yield "by channel", _counts(Counter(action.channel for action in left(progress))) or "nothing left"
    yield "received", f"{progress.mails:,} e-mails, {tally.pushes:,} pushes"
    yield "not sent", _counts(Counter(progress.refused.values())) or "nothing was refused at the door"
    yield "tasks", _counts(tally.tasks()) or "none"
    yield "restarts", str(progress.restarts)
    yield "all in all", f"{progress.elapsed_seconds:.1f} s"


def write_actions(progress: Progress, tally: Tally, path: Path) -> None:
    """One JSON object a line for each message that left and each task: id, customer, journey, step, channel, at."""
    given = [(action, action.channel) for action in left(progress)]
    lines = [_line(one.id, one.customer, one.journey, one.step, channel, one.decided_at) for one, channel in given]
    lines += [_of_task(item) for item in tally.board.listed(closed=True)]
    path.write_bytes(b"".join(lines))


def _of_task(item: Item) -> bytes:
    task = item.task
    return _line(task.id, task.customer, task.journey, task.step, "task", task.decided_at)


def _line(name: str, customer: str, journey: str, step: str, channel: str, at: int) -> bytes:
    told = {"id": name, "customer": customer, "journey": journey, "step": step, "channel": channel}
    return msgspec.json.encode({**told, "decided_at": iso(at)}) + b"\n"


def _counts(found: Counter[str] | dict[str, int]) -> str:
    pairs: Iterable[tuple[str, int]] = sorted(found.items())
    return ", ".join(f"{name} {count:,}" for name, count in pairs)
