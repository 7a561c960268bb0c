"""Budgets in a worker's process: which are spent from now, Redis and the topic behind them, a clean end."""

import secrets
from collections.abc import Callable, Iterator

from engine.catalog import Catalog
from engine.policy.budget import period_of
from state.redis_budgets import RedisBudgets
from streams.budgets.kept import BudgetsTopic
from streams.budgets.leases import Kept, Leases, Now, Told
from streams.metrics.metrics import Metrics
from streams.redis_access import redis_options
from streams.settings import Settings

SOON_MS = 60_000
"""How long before a period begins its first lease is drawn."""


class Budgets:
    """The leases of one worker, with what they are drawn from. `clock` gives wall time in ms.

    With the clock of the events nobody knows what period comes: leases are drawn once somebody asks.
    """

    def __init__(
        self, settings: Settings, catalog: Callable[[], Catalog], metrics: Metrics, clock: Callable[[], int]
    ) -> None:
        self._shared = RedisBudgets(**redis_options(settings.redis_access), prefix=settings.prefix)
        self._topic = BudgetsTopic(settings)
        by_wall = settings.clock == "wall"
        self.leases = Leases(
            secrets.token_hex(8),
            self._shared,
            Kept(self._topic.append, self._topic.read),
            lambda: spent_now(catalog(), clock()) if by_wall else (),
            Told(metrics.budget_left, metrics.leases_drawn),
        )

    async def close(self) -> None:
        """Gives back what is unspent, and the connections."""
        await self.leases.stop()
        await self._topic.close()
        await self._shared.close()


def spent_now(catalog: Catalog, at: int) -> Iterator[Now]:
    """The budgets of a catalog with the periods of now and of a minute later, the present one last."""
    for name, journey in catalog.current.items():
        budget = journey.budget
        if budget is not None:
            instants = (at + SOON_MS, at)
            for period in dict.fromkeys(period_of(each, budget.per, budget.zone).name for each in instants):
                yield Now(budget.named(name, period), name, budget.limit)
