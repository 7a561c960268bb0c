"""A rate that several processes keep together: instants at which something may be done, each given away once."""

from typing import NamedTuple, Protocol

HORIZON_SECONDS = 0.5
"""How far ahead instants are given."""
LATE_SECONDS = 0.1
"""How late an instant may be used at least. It is why they lie a tenth further apart than the rate says."""
MOST_LATE_SECONDS = 0.3
"""The same at most, for who is far from where the rate is kept: then they lie three tenths further apart."""
KEPT_SECONDS = 10.0
"""How long all instants lie as far apart as the last wanted who needs most."""
FORGOTTEN_SECONDS = HORIZON_SECONDS + MOST_LATE_SECONDS
"""How long nothing is given by one who forgot what it gave."""


class Slots(NamedTuple):
    """So many instants, the first `after` seconds from now and each `apart` from the next, to be used within `late`.

    Of none, `after` says when it is worth asking again.
    """

    given: int
    after: float
    apart: float
    late: float = LATE_SECONDS


class Rates(Protocol):
    """The rates of a prefix, by name."""

    async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
        """At most `wanted` instants, each for at least `late` seconds (LATE_SECONDS to MOST_LATE_SECONDS). Whoever uses
        each within those of the answer never does more than `per_second` in any second, together with all others.

        Raises LedgerAway.
        """
        ...


def apart(per_second: float, late: float = LATE_SECONDS) -> float:
    """Seconds between two instants: what is as late as it may be still has the rate's room before it."""
    return (1.0 + late) / per_second


class Line(NamedTuple):
    """The instant that is free next, how late those before it may be used, and until when that holds at least."""

    next: float
    late: float
    until: float


class OwnRates:
    """Rates that one process keeps alone, by its own clock in seconds; scripts/rate.lua does the same for several."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def take(self, name: str, per_second: float, wanted: int, now: float, late: float = LATE_SECONDS) -> Slots:
        """As Rates does."""
        first, kept, until = self._lines.get(name, Line(now, late, 0.0))
        if late >= kept:
            until = now + KEPT_SECONDS
        elif now > until:
            # What was given before may be used later than what is given now.
            first += kept - late
        else:
            late = kept
        first, step = max(first, now), apart(per_second, late)
        room = now + HORIZON_SECONDS - first
        count = min(wanted, int(room / step) + 1) if room >= 0 else 0
        self._lines[name] = Line(first + count * step, late, until)
        return Slots(count, first - now if count else -room, step, late)
