"""Holding: whether a partition is catching up, and the instants, one after the other, until which marketing is held."""

from engine.event import HOLD_SPACING_MS

HOLD_LAG_MS = 30_000
"""A partition whose clock lies further behind the wall clock begins to catch up."""
CAUGHT_UP_MS = 5_000
"""Once it lies no further behind it has caught up; so what was held is not overtaken by the last half minute."""


class Holding:
    """The slots of one partition, HOLD_SPACING_MS apart, so that what was held leaves spread out.

    They are kept in memory: a new owner begins again at now, and what was held before keeps its instants.
    """

    def __init__(self) -> None:
        self._catching_up = False
        self._slot = 0
        self._held = 0

    def over(self) -> None:
        """The partition has caught up."""
        self._catching_up = False

    def until(self, lag_ms: int, now: int, held: int) -> int:
        """The next slot after the wall clock's `now` (ms), 0 where the lag is none to speak of.

        All that lies in the log now has been applied when the partition's clock gets there. `held` counts the proposals
        held so far, of which each has used up a slot.
        """
        if lag_ms <= HOLD_LAG_MS and not self._catching_up:
            return 0
        self._catching_up = True
        self._slot = max(now, self._slot + (held - self._held) * HOLD_SPACING_MS)
        self._held = held
        return self._slot + HOLD_SPACING_MS
