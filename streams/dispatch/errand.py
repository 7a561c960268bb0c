"""An errand: one action on its way out, with all that the dispatcher remembers of it between two tries."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.decision import Action, Output
from journeys.messages.render import Rendered
from state.ledger import Ask, Status
from streams.calls.breaker import FIRST_SECONDS
from streams.observing.logs import about
from streams.observing.traceparent import Place
from streams.touchpoints.record import Record

MAX_AGE_MS = 6 * 24 * 3600 * 1000
"""An action older than this, since it was put into its outbox, never leaves (docs/protocol.md 1.21)."""

PAUSE_SECONDS = 0.2
"""How often something is looked at again that another process is about to do."""

_decode = msgspec.json.Decoder(Output).decode


@dataclass(frozen=True)
class Patience:
    """How long the dispatcher bears with what does not work. An attempt is a hand-over that the provider put off.

    A bare reserve is another's who may still be at work: at-most-once ones are given up after `settle_ms`, others are
    taken over after `overtake_ms`. A round reserves `slice_` actions. What has waited for `park_seconds`, or will, is
    parked; `busy_seconds` where the provider answers all the while. What is parked and has waited for `again_seconds`
    is parked again where it will wait for as long once more, or keeps others from being read. A breaker is open for
    `breaker_seconds` at first.
    """

    attempts: int = 6
    first_seconds: float = 0.5
    greatest_seconds: float = 30.0
    message_seconds: float = 10.0
    settle_ms: int = 10_000
    overtake_ms: int = 60_000
    wind_up_seconds: float = 5.0
    slice_: int = 128
    linger_seconds: float = 0.02
    park_seconds: float = 2.0
    busy_seconds: float = 10.0
    again_seconds: float = 60.0
    breaker_seconds: float = FIRST_SECONDS

    def after(self, attempt: int) -> float:
        """Seconds to wait after the attempt of this number, counted from 1."""
        return min(self.greatest_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 16))


@dataclass(eq=False)
class Errand:
    """One action, queued, appended to the log, and taken at instants in ms. `verdict` settles it without a hand-over.

    `record` is where it was read, for parking it. `drops_repeats` says that whoever gets it drops a second copy by its
    id; `origin` is the span of its decision, `unsubscribe` the URL of one click, empty for none.
    `reference` is what the provider repeats; `codes` are short codes and their tokens, of the `turn` that is theirs
    alone, and `linked` says that they are kept. `in_hand` is for Forgetting. `doubtful` says that the ledger may hold a
    reserve of it of which nobody heard.

    `ready_at` and `first_tried_at` are in seconds of the loop's clock.
    """

    action: Action
    queued_at: int
    appended_at: int
    taken_at: int
    token: str
    record: Record | None = None
    drops_repeats: bool = False
    origin: Place | None = None
    rendered: Rendered | None = None
    unsubscribe: str = ""
    verdict: tuple[Status, str] | None = None
    attempts: int = 0
    delays: int = 0
    ready_at: float = 0.0
    first_tried_at: float = 0.0
    handed_over: bool = False
    reference: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    turn: int = 0
    linked: bool = False
    in_hand: bool = False
    doubtful: bool = False

    def put_off(self, seconds: float) -> None:
        """Not before so many seconds from now."""
        self.ready_at = asyncio.get_running_loop().time() + seconds

    def unanswered(self, patience: Patience) -> None:
        """The ledger was asked for it and did not answer; it is asked again later."""
        self.doubtful = True
        self.delays += 1
        self.put_off(patience.after(self.delays))

    def about(self, code: str = "") -> dict[str, Any]:
        """The `extra` of a line of the log on it."""
        action = self.action
        return about(
            action.customer,
            action=action.id,
            journey=action.journey,
            step=action.step,
            channel=action.channel,
            code=code,
            trace_id="" if self.origin is None else self.origin.trace,
        )

    @property
    def repeatable(self) -> bool:
        """Whether it may be handed over again when nobody knows if it left: at least once, not at most once."""
        return self.drops_repeats or self.critical

    @property
    def critical(self) -> bool:
        """Whether it leaves even without Redis."""
        return self.action.class_ == "critical"

    def ask(self, now: int, patience: Patience) -> Ask:
        """What the ledger is asked; `now` is wall time in ms. An action too old to leave is given no second reserve."""
        action = self.action
        overtake = self.repeatable and self.verdict is None
        return Ask(
            action=action.id,
            token=self.token,
            customer=action.customer,
            topic=action.topic,
            channel=action.channel,
            decided_at=action.decided_at,
            consent=action.class_ == "marketing" or action.asks_consent,
            overtake_at=now - patience.overtake_ms if overtake else 0,
            verdict=self.verdict,
            class_=action.class_,
        )


def read_output(value: bytes | None) -> Output:
    """What the value of a record of `actions` holds. Raises msgspec.DecodeError."""
    try:
        output: Output = _decode(value or b"")
    except RecursionError as fault:
        raise msgspec.DecodeError("the value is too deep") from fault
    return output


def queued_at_of(record: Record) -> int:
    """When it was put into its outbox, in ms: the header `queued_at`, else the record's own timestamp."""
    return number_of(record, "queued_at") or record.timestamp


def number_of(record: Record, name: str) -> int:
    """The whole number in a header, 0 where there is none."""
    text = dict(record.headers).get(name) or b""
    return int(text) if text.isdigit() and len(text) < 20 else 0
