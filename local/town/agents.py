"""The people of the call centre: each takes one task at a time, gets it done or not, and now and then too late."""

from collections.abc import Callable, Iterator
from random import Random

from local.town.happening import Work
from local.town.people import Person
from local.town.rhythm import MINUTE_MS
from local.town.stage import Coming, Later, touch

CUSTOMERS_AN_AGENT = 60
_NOTICES_MS = (MINUTE_MS, 12 * MINUTE_MS)
_TAKES_MS = (3 * MINUTE_MS, 9 * MINUTE_MS)
_FORGETS = 0.12
_FORGOTTEN_MS = (5 * MINUTE_MS, 40 * MINUTE_MS)
"""How long after its end a forgotten task is done after all."""
_NO_ANSWER = 0.22


class Agents:
    """The agents of a town of `customers`, the tasks that wait for them, and when each is free (ms)."""

    def __init__(self, customers: int) -> None:
        self._free_at = [0] * max(2, customers // CUSTOMERS_AN_AGENT)
        self._open: set[str] = set()

    def take(self, person: Person, at: int, work: Work, dice: Random) -> Iterator[Coming]:
        """The task is noticed and done, unless it is closed before somebody begins."""
        self._open.add(work.task_id)
        if dice.random() < _FORGETS:
            begins_at = max(at, work.due_at + dice.randint(*_FORGOTTEN_MS))
            yield Later(begins_at, lambda now: self._do(person, now, work, dice, knows=False))
        else:
            begins_at = at + dice.randint(*_NOTICES_MS)
            yield Later(begins_at, lambda now: self._do(person, now, work, dice, knows=True))

    def close(self, task_id: str) -> None:
        """Nobody need begin with it any more."""
        self._open.discard(task_id)

    def _do(self, person: Person, at: int, work: Work, dice: Random, *, knows: bool) -> Iterator[Coming]:
        """Works on a task once an agent is free. Who forgot it does not look whether it is closed."""
        if knows and work.task_id not in self._open:
            return
        agent = min(range(len(self._free_at)), key=self._free_at.__getitem__)
        if self._free_at[agent] > at:
            yield Later(self._free_at[agent], self._again(person, work, dice, knows))
            return
        self._open.discard(work.task_id)
        self._free_at[agent] = at + dice.randint(*_TAKES_MS)
        outcome, note = ("no_answer", "rang six times") if dice.random() < _NO_ANSWER else ("done", "reached")
        properties = {"task_id": work.task_id, "outcome": outcome, "note": note if knows else f"{note}, late"}
        yield touch(person, self._free_at[agent], f"task.{outcome}", "call", properties)

    def _again(self, person: Person, work: Work, dice: Random, knows: bool) -> Callable[[int], Iterator[Coming]]:
        return lambda now: self._do(person, now, work, dice, knows=knows)
