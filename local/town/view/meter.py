"""What a page remembers from one drawing to the next: rates, latencies, tasks, and which messages are on show."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from itertools import islice

from local.town.happening import CHANNELS
from local.town.scene import Received, Scene
from streams.tasks.board import Board, Item

BIN_SECONDS = 0.5
RATE_BINS = 6
"""Rates are those of the last three seconds."""
KEPT_BINS = 240
MEASURED = 1_000
"""Percentiles are those of so many latencies, the last ones."""
CARDS = 4
HOLD_SECONDS = 2.5
"""A message stays on show so long, that it can be read."""
PATIENCE_SECONDS = 8.0
"""After which a message of the other channel may take the place."""
BETWEEN_CARDS_SECONDS = 0.6
ENDED = 30


class Meter:
    """Takes a scene a few times a second. `clock` gives seconds; for `room` messages there is room on the page.

    `percentiles` are p50 and p99 of the last measured, `p50_ms` and `p99_ms` those of each bin, as they went.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.rates: dict[str, deque[float]] = {name: deque(maxlen=KEPT_BINS) for name in CHANNELS}
        self.p50_ms: deque[float] = deque(maxlen=KEPT_BINS)
        self.p99_ms: deque[float] = deque(maxlen=KEPT_BINS)
        self.percentiles: tuple[int, int] | None = None
        self.tasks = Tasks()
        self.room = CARDS
        self.cards: list[Received | None] = [None] * CARDS
        self.noted_at = 0.0
        self._bin_at: float | None = None
        self._before: Counter[str] = Counter()
        self._carded_at = [0.0] * CARDS
        self._notes = 0
        self._measured = 0

    def sample(self, scene: Scene) -> None:
        """Notices what changed."""
        at = self.clock()
        if len(scene.notes) != self._notes:
            self._notes, self.noted_at = len(scene.notes), at
        if scene.now:
            self._rate(scene, at)
            self.tasks.take(scene.tally.board)
            self._show(list(scene.latest), at)

    def rate(self, channel: str) -> float:
        """Touchpoints a second, over the last few seconds."""
        kept = self.rates[channel]
        last = list(islice(reversed(kept), RATE_BINS))
        return sum(last) / len(last) if last else 0.0

    def _rate(self, scene: Scene, at: float) -> None:
        counts = scene.tally.touchpoints
        if self._bin_at is None:
            # What lies before the first morning is published as fast as can be, and tells nothing of the town.
            self._bin_at, self._before = at, Counter(counts)
            self._measured = len(scene.progress.latencies_ms)
        passed = at - self._bin_at
        if passed < BIN_SECONDS:
            return
        for name, kept in self.rates.items():
            kept.append((counts[name] - self._before[name]) / passed)
        self._bin_at, self._before = at, Counter(counts)
        measured = scene.progress.latencies_ms
        self.percentiles = _percentiles(measured[-MEASURED:])
        p50, p99 = _percentiles(measured[self._measured :]) or (0, 0)
        self._measured = len(measured)
        self.p50_ms.append(p50)
        self.p99_ms.append(p99)

    def _show(self, latest: list[Received], at: float) -> None:
        """Puts the newest message on show, at most one at a time; pushes at even places, e-mails at odd ones."""
        shown = self.cards[: self.room]
        if at - max(self._carded_at) < BETWEEN_CARDS_SECONDS and None not in shown:
            return
        for place in sorted(range(self.room), key=lambda place: self._carded_at[place]):
            card, shown_for = self.cards[place], at - self._carded_at[place]
            if card is not None and shown_for < HOLD_SECONDS:
                continue
            wanted = "" if self.room == 1 else "push" if place % 2 == 0 else "email"
            found = self._newest(latest, wanted)
            if found is None and (card is None or shown_for > PATIENCE_SECONDS):
                found = self._newest(latest, "")
            if found is not None:
                self.cards[place], self._carded_at[place] = found, at
                return

    def _newest(self, latest: list[Received], channel: str) -> Received | None:
        """The newest that is not on show, nor older than one of its channel that is."""
        for message in reversed(latest):
            if channel in ("", message.channel):
                return None if message in self.cards[: self.room] else message
        return None


def _percentiles(measured: list[int]) -> tuple[int, int] | None:
    """Half of them are below the first, almost all below the second; None of none."""
    if not measured:
        return None
    ordered = sorted(measured)
    p50, p99 = (ordered[min(len(ordered) - 1, int(part * len(ordered)))] for part in (0.5, 0.99))
    return p50, p99


class Tasks:
    """The board as a page shows it, followed without counting it anew each time.

    `open` are the tasks that wait, by id, `ended` the last ones that do not, the newest first; `counts` by outcome.
    """

    def __init__(self) -> None:
        self.open: dict[str, Item] = {}
        self.ended: deque[Item] = deque(maxlen=ENDED)
        self.counts: defaultdict[str, int] = defaultdict(int)
        self._seen = 0

    def take(self, board: Board) -> None:
        """Notices new tasks and those that ended."""
        self.open.update(islice(board.items.items(), self._seen, None))
        self._seen = len(board.items)
        for id, item in list(self.open.items()):
            if item.closed is not None:
                del self.open[id]
                self.counts[item.state] += 1
                self.ended.appendleft(item)
