"""The shared count of budgets: how much of each was ever drawn, and by whom, so that no unit is given out twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec


class Share(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one holder has drawn of one budget and period, spent or not, less what it gave back: a row of `budgets`.

    The last row of a holder counts, and the sum over all holders is what may have been spent. One that hands on what
    others drew may stand below 0.
    """

    name: str
    holder: str
    units: int


class Want(NamedTuple):
    """A holder knows of `have` units as its share, and wants it to be `want`; all shares together stay within `limit`.

    `free` is what it keeps unspent, told for people alone.
    """

    name: str
    holder: str
    have: int
    want: int
    limit: int
    free: int = 0


class Answer(NamedTuple):
    """The holder's share now, and what all holders have drawn.

    A share that is not the one known had been moved before, by a call whose answer was lost.
    """

    share: int
    drawn: int


class Counted(NamedTuple):
    """One budget and period as the count tells it: units drawn by holders, of these unspent, and the limit."""

    name: str
    drawn: int
    free: int
    limit: int


class NeedsShares(Exception):
    """The count lost its shares, or may have: nothing is drawn before it is filled again from `budgets`."""


class CountAway(Exception):
    """The count cannot be asked now."""


class SharedCount(Protocol):
    """One count for all holders. Every method raises CountAway."""

    async def move(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        """Moves shares in one step; gives the generation, and an answer for each want.

        A generation lasts until the count loses what it held. Units may be used only once their row is durable in
        `budgets` *and* the generation was seen again behind that: a refill that began later read the row. Raises
        NeedsShares.
        """
        ...

    async def begin(self) -> str:
        """Begins a refill, before `budgets` is read; gives its mark."""
        ...

    async def fill(self, mark: str, counts: Mapping[str, int]) -> None:
        """Ends it with all that `budgets` holds (`together`). Nothing happens where another was first.

        Raises NeedsShares where the count was emptied since the beginning.
        """
        ...


def together(rows: Iterable[Share]) -> dict[str, int]:
    """The last row of each holder under `NAME|HOLDER`, and under `NAME` the sum."""
    last = {(row.name, row.holder): row.units for row in rows}
    counts: defaultdict[str, int] = defaultdict(int)
    for (name, holder), units in last.items():
        counts[name] += units
        counts[f"{name}|{holder}"] = units
    return dict(counts)
