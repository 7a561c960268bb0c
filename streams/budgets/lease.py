"""A lease: the units of one budget and period that a worker may spend, and how many it should hold."""

import msgspec

from engine.budgets import AWAITED, SPENT
from state.budgets import Answer, Want

PART = 16
"""A lease is one part in so many of what is left, and at least one message."""
IDLE_SECONDS = 30
"""Since somebody asked, after which a lease that is not the one of now is given back."""


class Lease(msgspec.Struct):
    """`share` is what `holder` is known to have of the count, spent or not, and `free` what it may still spend of it.

    `left` is what nobody had drawn when the count was asked last, -1 before that; `need` what one message takes at
    most; `idle` counts the seconds since somebody asked; `part` is PART; `missed` is what was
    asked for lately and not at hand.
    """

    name: str
    holder: str
    limit: int
    share: int = 0
    free: int = 0
    left: int = -1
    need: int = 1
    idle: int = 0
    part: int = PART
    missed: int = 0

    def take(self, units: int, limit: int) -> str:
        """Spends units; empty where that was done, else why not."""
        self.limit, self.idle, self.need = limit, 0, max(self.need, units)
        if self.free >= units:
            self.free -= units
            return ""
        if self.left >= 0 and self.left + self.free < units:
            return SPENT
        self.missed += units
        return AWAITED

    @property
    def target(self) -> int:
        """How many units it should hold: a part of what is left, so that the end of a budget lies in no one's hands.

        Up to half of it where so many were asked for here, and not at hand.
        """
        there = max(0, self.left) + self.free
        return max(self.need, there // self.part, min(self.missed, there // 2))

    def tick(self) -> None:
        """A second goes by; what was missed counts half as much."""
        self.idle += 1
        self.missed //= 2

    @property
    def low(self) -> bool:
        """Whether more should be drawn before it runs out."""
        return self.left != 0 and self.free * 2 < self.target

    def surplus(self, wanted: bool) -> int:
        """How much of it is to be given back: all of one that nobody asks for, and what is far above the target."""
        if not wanted and self.idle >= IDLE_SECONDS:
            return self.free
        return self.free - self.target if self.left >= 0 and self.free > 2 * self.target else 0

    def lower(self, units: int) -> Want:
        """Gives units up, which are not spent from here on, and asks for what follows from that in the count."""
        before = self.share
        self.free -= units
        self.share -= units
        return Want(self.name, self.holder, before, self.share, self.limit, self.free)

    def undrawn(self, share: int) -> Want:
        """Leaves to the others what was drawn up to `share` and must not be used."""
        return Want(self.name, self.holder, share, self.share, self.limit, self.free)

    def want(self, wanted: bool) -> Want:
        """Asks for what it lacks, or for nothing but how things stand; at first for a part of the whole."""
        more = 0
        if (wanted or self.idle < IDLE_SECONDS) and self.low:
            more = max(self.target, self.limit // self.part if self.left < 0 else 0) - self.free
        return Want(self.name, self.holder, self.share, self.share + more, self.limit, self.free)

    def hear(self, answer: Answer) -> int:
        """Hears what the count said; gives the share that may be used once it is durable."""
        self.left = max(0, self.limit - answer.drawn)
        return max(answer.share, self.share)

    def renamed(self, holder: str) -> None:
        """Goes on under another name, as whose share its unspent units are not counted; the old one keeps its own."""
        self.holder, self.share = holder, 0

    def grow(self, share: int) -> None:
        """The share is durable, and the count still that which gave it."""
        self.free += share - self.share
        self.share = share
