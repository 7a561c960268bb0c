"""The pace of one provider: instants of its rate that this dispatcher may use, however far the shared rate is kept."""

import asyncio
import contextlib
import math
from typing import NamedTuple

from state.ledger import LedgerAway
from state.rates import LATE_SECONDS, MOST_LATE_SECONDS, OwnRates, Rates, Slots

TIMER_SECONDS = 0.05
"""How late an instant may be used for what goes on in this process: half of what is always allowed."""
FADES = 0.9
"""What is left of the longest round trip at the next one."""


class Instant(NamedTuple):
    """It may be used from `at` up to `by`, in seconds of the loop's clock."""

    at: float
    by: float


class Pace:
    """`per_second` hand-overs together with all who share `rates`, 0 for no such limit; alone where those are away.

    Nobody knows when within the round trip an instant was given. So those are asked for that may be used late by it.
    """

    def __init__(self, name: str, per_second: float, rates: Rates | None) -> None:
        self._name = name
        self._per_second = per_second
        self._rates = rates
        self._own = OwnRates()
        self._round_trip = 0.0

    async def instants(self, wanted: int) -> list[Instant]:
        """When so many may be handed over; fewer where the rate has no room, after a while none."""
        clock = asyncio.get_running_loop().time
        if not self._per_second:
            return [Instant(clock(), math.inf)] * wanted
        asked_at, slots = await self._slots(wanted)
        answered_at = clock()
        if not slots.given:
            await asyncio.sleep(slots.after)
            return []
        afters = [slots.after + number * slots.apart for number in range(slots.given)]
        found = [Instant(answered_at + after, asked_at + after + slots.late) for after in afters]
        return [each for each in found if each.at < each.by]

    async def wait_for(self, instant: Instant) -> None:
        """Waits until it may be used; where that is over, for a later one."""
        clock = asyncio.get_running_loop().time
        while self._per_second:
            await asyncio.sleep(max(0.0, instant.at - clock()))
            if clock() <= instant.by:
                return
            instant = next(iter(await self.instants(1)), instant)

    async def _slots(self, wanted: int) -> tuple[float, Slots]:
        """When they were asked for, and what was given; a Redis that answers nothing takes its time to say so."""
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        if self._rates is not None:
            with contextlib.suppress(LedgerAway):
                slots = await self._rates.take(self._name, self._per_second, wanted, self._late())
                self._round_trip = max(clock() - asked_at, FADES * self._round_trip)
                return asked_at, slots
        asked_at = clock()
        return asked_at, self._own.take(self._name, self._per_second, wanted, asked_at)

    def _late(self) -> float:
        """What the longest round trip of late needs, in steps, so that it seldom changes for all."""
        late = math.ceil((self._round_trip + TIMER_SECONDS) * 20) / 20
        return min(max(late, LATE_SECONDS), MOST_LATE_SECONDS)
