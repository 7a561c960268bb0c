"""What became of each message that made an offer: a win or a loss, known once the time for its answer is over."""

from collections.abc import Callable, Iterator, Mapping
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from engine import trace
from engine.decision import Line, Trace
from journeys.duration import Duration

GOAL = "goal"
"""The outcome that a journey's goal was reached, beside the types of receipts."""
GRACE_MS = 10 * 60_000
"""How long after its time an answer may come in and still count."""
UNSENT_MS = 7 * 86_400_000
"""How long it is remembered that a message was decided of which no receipt tells that it left."""
EARLY_MS = 3_600_000
"""How long a receipt waits for its decision, which leaves before the message does; most are for what is settled."""
_SENT = "message.sent"
_NOT_SEEN = ("message.failed", "message.bounced", "action.refused")


class Rule(NamedTuple):
    """What counts as a win of an offer: one of `by` within `within_ms` after the message left.

    `by` are types such as `message.clicked`, and `goal` for the goal of the journey that sent it.
    """

    by: frozenset[str] = frozenset({"message.clicked", GOAL})
    within_ms: int = 3 * 86_400_000


class Shown(msgspec.Struct, frozen=True):
    """An offer that a decision made, by which channel, to whom, and what was known of the person then."""

    action: str
    offer: str
    channel: str
    segment: str
    enrollment: str
    features: Mapping[str, float] = {}
    mean: float = 0.0


class Settled(NamedTuple):
    """How an offer ended."""

    shown: Shown
    won: bool


class _Open(msgspec.Struct, gc=False):
    shown: Shown
    rule: Rule
    stamp: int
    sent_at: int = 0
    answered_at: int = 0


class Outcomes:
    """All offers whose time is not over. Decisions and receipts come in any order, and any may come twice.

    `rules` gives the rule of an offer; `over(offer)` the instant (ms) up to which its outcomes are counted already, so
    that what is read again counts once. `stamp` is the append time (ms) of a record.
    """

    def __init__(self, rules: Callable[[str], Rule], over: Callable[[str], int]) -> None:
        self._rules = rules
        self._over = over
        self._open: dict[str, _Open] = {}
        self._of: dict[str, list[str]] = {}
        self._early: dict[str, list[tuple[str, int, int]]] = {}
        self._due: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._open)

    def decided(self, found: Trace, stamp: int) -> None:
        """Takes the offers that a decision made, the goals that it reached and what it took back."""
        for line in found.lines:
            if line.what == trace.SENT:
                self._show(shown_of(found, line), stamp)
            elif line.what == trace.VOIDED:
                self._take_back(str(line.data.get("action", "")))
            elif line.what == trace.GOAL:
                for action in self._of.get(line.enrollment, ()):
                    self._answer(self._open[action], GOAL, found.at)

    def told(self, type_: str, action: str, at: int, stamp: int) -> None:
        """Takes a receipt: its type, the action and when it happened (ms)."""
        held = self._open.get(action)
        if held is None:
            self._early.setdefault(action, []).append((type_, at, stamp))
        else:
            self._take(held, type_, at)

    def settle(self, now: int) -> Iterator[Settled]:
        """Gives those whose time is over at `now` (ms), and forgets them."""
        while self._due and self._due[0][0] <= now:
            held = self._drop(heappop(self._due)[1])
            if held is not None:
                until = held.sent_at + held.rule.within_ms
                yield Settled(held.shown, 0 < held.answered_at <= until)

    def forget(self, stamp: int) -> None:
        """Forgets halves that are too old at an append time (ms) for the other half to come."""
        for action, said in list(self._early.items()):
            if said[0][2] >= stamp - EARLY_MS:
                break
            del self._early[action]
        unsent = (action for action, held in self._open.items() if not held.sent_at and held.stamp < stamp - UNSENT_MS)
        for action in list(unsent):
            self._drop(action)

    def horizon(self, stamp: int) -> int:
        """The append time of the oldest record that is still needed; `stamp` where none is."""
        held = min((each.stamp for each in self._open.values()), default=stamp)
        early = min((each[0][2] for each in self._early.values()), default=stamp)
        return min(held, early, stamp)

    def _show(self, shown: Shown, stamp: int) -> None:
        if shown.action in self._open:
            return
        held = _Open(shown, self._rules(shown.offer), stamp)
        self._open[shown.action] = held
        self._of.setdefault(shown.enrollment, []).append(shown.action)
        for type_, at, came in self._early.pop(shown.action, ()):
            held.stamp = min(held.stamp, came)
            self._take(held, type_, at)

    def _take(self, held: _Open, type_: str, at: int) -> None:
        action = held.shown.action
        if type_ in _NOT_SEEN:
            self._drop(action)
        elif type_ == _SENT and not held.sent_at:
            held.sent_at = at
            over_at = at + held.rule.within_ms + GRACE_MS
            if over_at <= self._over(held.shown.offer):
                self._drop(action)
            else:
                heappush(self._due, (over_at, action))
        self._answer(held, type_, at)

    def _answer(self, held: _Open, type_: str, at: int) -> None:
        if type_ in held.rule.by:
            held.answered_at = min(held.answered_at or at, at)

    def _take_back(self, action: str) -> None:
        """What has left by then was seen all the same."""
        held = self._open.get(action)
        if held is not None and not held.sent_at:
            self._drop(action)

    def _drop(self, action: str) -> _Open | None:
        held = self._open.pop(action, None)
        if held is not None:
            of = self._of[held.shown.enrollment]
            of.remove(action)
            if not of:
                del self._of[held.shown.enrollment]
        return held


def shown_of(found: Trace, line: Line) -> Shown:
    """What a line that sent shows: the offer of its choice, or else the message itself, as an offer of its own."""
    data = line.data
    offer = str(data.get("offer") or f"message:{data.get('message', '')}")
    channel, segment = str(data.get("channel", "")), str(data.get("segment", ""))
    drawn = drawn_of(found, offer, channel, segment)
    mean = drawn[0] / (drawn[0] + drawn[1]) if drawn is not None else 0.0
    told = found.context.get("features")
    # What a project keeps off the topic is a text where a number was.
    features = {name: value for name, value in told.items() if is_number(value)} if isinstance(told, dict) else {}
    return Shown(str(data.get("action", "")), offer, channel, segment, line.enrollment, features, mean)


def drawn_of(found: Trace, offer: str, channel: str, segment: str) -> tuple[float, float, float] | None:
    """Alpha, beta and shift of a draw that a trace tells of; None where nothing was drawn, or it was kept off."""
    asked = found.context.get(f"propensity {offer} {channel} {segment}")
    if not isinstance(asked, list) or len(asked) < 5 or not all(map(is_number, asked[2:5])):
        return None
    alpha, beta, shift = asked[2:5]
    return (alpha, beta, shift) if alpha > 0 and beta > 0 else None


def is_number(value: object) -> bool:
    """Whether a value of a trace is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def milliseconds(duration: Duration) -> int:
    """A duration as milliseconds, a month as 30 days: of windows of outcomes, which no calendar bounds."""
    return duration.elapsed_ms + (duration.months * 30 + duration.days) * 86_400_000
