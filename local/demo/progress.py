"""What the demo knows so far: filled by those who publish and watch, read by the view."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field

from engine.decision import Action
from local.mailbox import Mail

LATEST_MAILS = 3


@dataclass
class Progress:
    """Counts since the start.

    `instant_at` is the event time published up to (ms); `latencies_ms` are those of event_to_action.
    """

    phase: str = "starting"
    total: int = 0
    published: int = 0
    applied: int = 0
    customers: int = 0
    instant_at: int = 0
    actions: dict[str, Action] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    by_journey: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[int] = field(default_factory=list)
    mails: int = 0
    latest: deque[Mail] = field(default_factory=lambda: deque(maxlen=LATEST_MAILS))
    restarts: int = 0
    notes: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    publishing_since: float = 0.0
    settled_seconds: float = 0.0

    @property
    def elapsed_seconds(self) -> float:
        """Since the start of the demo."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Touchpoints applied a second, since the first was published until all was done."""
        if not self.publishing_since:
            return 0.0
        seconds = self.settled_seconds or time.monotonic() - self.publishing_since
        return self.applied / seconds if seconds else 0.0

    @property
    def unsettled(self) -> int:
        """Actions that have neither left nor been refused or voided yet."""
        return len(self.actions.keys() - self.confirmed - self.refused.keys() - self.voided)

    def signature(self) -> tuple[object, ...]:
        """Changes whenever anything moves."""
        counts = (self.published, self.applied, len(self.actions), len(self.confirmed), len(self.refused))
        return (self.phase, *counts, self.restarts)

    def receive(self, mail: Mail) -> None:
        """Counts an e-mail that reached its mailbox."""
        self.mails += 1
        self.latest.append(mail)

    def add(self, action: Action, latency_ms: int | None) -> None:
        """Counts an action once; consumers of outputs drop repeated ids (docs/protocol.md 1.20)."""
        if action.id in self.actions:
            return
        self.actions[action.id] = action
        self.by_journey[action.journey] += 1
        if latency_ms is not None:
            self.latencies_ms.append(latency_ms)

    def latency_ms(self, quantile: float) -> int | None:
        """Event to action, in ms, at `quantile` between 0 and 1; None before the first."""
        if not self.latencies_ms:
            return None
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]
