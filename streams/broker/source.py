"""Where rows come from: the promise of an event source, so that Faust could be replaced."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from streams.touchpoints.record import Record

Spot = tuple[str, int]
"""A topic's full name and a partition of it."""

Offer = Callable[[str, int, Sequence[Record]], None]
"""Takes rows of a topic and partition, in order."""


class Source(Protocol):
    """Reads spots that were opened and brings their rows to whoever asked for them (`Worker.offer`)."""

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        """The first offset and the end (the offset after the last) of each spot's log."""
        ...

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The group's committed offsets, of those spots that have one."""
        ...

    def open(self, starts: Mapping[Spot, int]) -> None:
        """Rows of these spots are brought from these offsets on."""
        ...

    def close(self, spots: Iterable[Spot]) -> None:
        """No row of these spots is brought any more."""
        ...

    def hold(self, spot: Spot) -> None:
        """Fetches no more of `spot` for now; what was fetched may still come."""
        ...

    def release(self, spot: Spot) -> None:
        """Fetches it again."""
        ...

    def unread(self, spot: Spot, upto: int) -> bool:
        """Whether the log of `spot` is known to hold rows that were not brought yet, or such rows before `upto`."""
        ...

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        """These positions are durable; they are committed to the group in a while."""
        ...
