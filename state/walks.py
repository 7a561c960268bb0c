"""Walks: what a partition remembers of its fan-outs, each of which takes one event to every customer, one by one.

What is walked lies in a record of its own (`Walks`). How far each walk is lies in the positions (`Walked`), since it is
a position: no further than what is durable of the customers before it.
"""

import msgspec

from engine.event import Event


class Walk(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event on its way to every customer of a partition who was there when it began, at `begun_at` (ms).

    Walks of one `line` go one after the other. `lane` and `number` are given when it goes, -1 and 0 while it waits:
    numbers count up within a partition, and a customer keeps the last of each lane, so that none is met twice.
    `pace` is customers a second of this partition, 0 for no pace.
    """

    id: str
    line: str
    event: Event
    begun_at: int
    lane: int = -1
    number: int = 0
    pace: float = 0.0

    @property
    def goes(self) -> bool:
        """Whether it has begun to meet customers, or may."""
        return self.number > 0

    @property
    def origin(self) -> str:
        """What it is called in `applied` of the customers that it met."""
        return f"walk/{self.lane}"


class Walks(msgspec.Struct, array_like=True):
    """All that goes or waits, in order, and what must not begin again.

    `number` is the last one given out; `known` maps ids of walks that began or were stopped to when (ms); `dues` a
    schedule to the last instant (ms) up to which its runs are settled; `release` is the last one walked for.
    """

    walks: list[Walk] = []
    number: int = 0
    known: dict[str, int] = {}
    dues: dict[str, int] = {}
    release: int = 0


class Walked(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How far a walk is: the key of the last customer passed, how many were met, and of about how many.

    That it has ended stands here and not in `Walks`: the record of those may be durable before the last customers are.
    """

    cursor: bytes = b""
    met: int = 0
    about: int = 0
    ended: bool = False
