"""What budgets have left, as decisions ask it: a promise that whoever runs decisions keeps."""

from typing import Protocol

SPENT, AWAITED, AWAY = "spent", "awaited", "away"
"""Why nothing could be taken: nothing is left, none is here yet, whoever counts cannot be asked."""


class Budgets(Protocol):
    """Units that may be taken at once, without waiting for anything."""

    def take(self, name: str, units: int, limit: int) -> str:
        """Takes units of a budget and period, of `limit` in all; empty where that was done, else why not."""
        ...


class Counting:
    """Budgets of one process that decides everything by itself, as for lives and backtests."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, name: str, units: int, limit: int) -> str:
        taken = self._taken.get(name, 0) + units
        if taken > limit:
            return SPENT
        self._taken[name] = taken
        return ""

    def give_back(self, name: str, units: int) -> None:
        """What was taken for a message that never left may be taken again."""
        self._taken[name] = max(0, self._taken.get(name, 0) - units)
