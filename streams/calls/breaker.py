"""The circuit breaker of a service or provider: opens after failures in a row, and lets one try through at a time."""

import enum

FAILURES = 5
FIRST_SECONDS = 5.0
GREATEST_SECONDS = 60.0
PROBE_LOOK_SECONDS = 1.0
"""How long those that wait for the one try that is under way look away at most."""


class State(enum.Enum):
    """Whether tries go through."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Breaker:
    """Instants are seconds of a clock that the caller has.

    FAILURES tries in a row that failed open it for `first_seconds`; then one try goes through. Where it is answered all
    go through again, where it fails the next may go after twice as long, at most GREATEST_SECONDS.
    """

    def __init__(self, first_seconds: float = FIRST_SECONDS) -> None:
        self.state = State.CLOSED
        self._first_seconds = first_seconds
        self._failures = 0
        self._seconds = first_seconds
        self._until = 0.0

    def pause(self, now: float) -> float:
        """Seconds until it is worth asking `begin` again, 0 for now."""
        if self.state is State.PROBING:
            return PROBE_LOOK_SECONDS
        return max(0.0, self._until - now) if self.state is State.OPEN else 0.0

    def begin(self, now: float) -> bool:
        """Whether a try may be made now; one that is must be told of by `answered`, `failed` or `unknown`."""
        if self.pause(now) > 0:
            return False
        if self.state is State.OPEN:
            self.state = State.PROBING
        return True

    def answered(self) -> None:
        """The service answered, whatever it said."""
        self.state = State.CLOSED
        self._failures = 0
        self._seconds = self._first_seconds

    def failed(self, now: float) -> None:
        """It did not, or said that it cannot."""
        self._failures += 1
        if self.state is State.PROBING:
            self._seconds = min(GREATEST_SECONDS, 2 * self._seconds)
            self._open(now)
        elif self.state is State.CLOSED and self._failures >= FAILURES:
            self._open(now)

    def unknown(self, now: float) -> None:
        """The try was given up, or says nothing about the service; another may see in its stead."""
        if self.state is State.PROBING:
            self.state = State.OPEN
            self._until = now

    def _open(self, now: float) -> None:
        self.state = State.OPEN
        self._until = now + self._seconds
