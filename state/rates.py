"""A rate that several processes keep together: instants at which something may be done, each given away once."""

from typing import NamedTuple, Protocol

HORIZON_SECONDS = 0.5
"""How far ahead instants are given; also how long nothing is given by one who forgot what it gave."""
LATE_SECONDS = 0.1
"""How late an instant may be used. It is why they lie a tenth further apart than the rate says."""


class Slots(NamedTuple):
    """So many instants, the first `after` seconds from now and each `apart` from the next.

    Of none, `after` says when it is worth asking again.
    """

    given: int
    after: float
    apart: float


class Rates(Protocol):
    """The rates of a prefix, by name."""

    async def take(self, name: str, per_second: float, wanted: int) -> Slots:
        """At most `wanted` instants. Whoever uses each within LATE_SECONDS never does more than `per_second` in any
        second, together with all others. Raises LedgerAway.
        """
        ...


def apart(per_second: float) -> float:
    """Seconds between two instants: what is late by LATE_SECONDS still has the rate's room before it."""
    return (1.0 + LATE_SECONDS) / per_second


class OwnRates:
    """Rates that one process keeps alone, by its own clock in seconds."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def take(self, name: str, per_second: float, wanted: int, now: float) -> Slots:
        """As Rates does."""
        step = apart(per_second)
        first = max(now, self._next.get(name, 0.0))
        room = now + HORIZON_SECONDS - first
        if room < 0:
            return Slots(0, -room, step)
        count = min(wanted, int(room / step) + 1)
        self._next[name] = first + count * step
        return Slots(count, first - now, step)
