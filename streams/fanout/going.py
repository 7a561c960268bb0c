"""One walk under way: who comes next, when, and how far it is."""

from collections.abc import Iterator

import msgspec

from state.store import PartitionStore
from state.timers import NEVER
from state.walks import Walk, Walked

PASSED_AT_ONCE = 50
"""Keys passed in one step where nobody is met."""
_replace = msgspec.structs.replace
ARREARS_MS = 1_000
"""How far behind its pace a walk may be and make up for it."""


class Going:
    """A walk that has its number. `next_at` (ms) is when the next customer is due, NEVER until `prove`.

    It meets nobody before its number and its place are proven: a number that a crash takes back, and that another walk
    then gets, must be in no customer's `applied`.
    """

    def __init__(self, walk: Walk, walked: Walked) -> None:
        self.walk = walk
        self.walked = walked
        self.proven = False
        self.event_bytes = len(msgspec.json.encode(walk.event))
        self._due = float(NEVER)
        self._keys: Iterator[bytes | None] = iter(())

    @property
    def next_at(self) -> int:
        """When the next customer is due, rounded down."""
        return int(self._due)

    def prove(self, store: PartitionStore, clock: int) -> None:
        """The walk is durable, and may begin or go on at `clock`."""
        if not self.proven:
            self.proven = True
            if not self.walked.ended:
                self._due = float(clock)
                self._keys = store.behind(self.walked.cursor)
                self.walked = _replace(self.walked, about=self.walked.about or store.about())

    def passing(self) -> Iterator[bytes]:
        """The next keys, at most PASSED_AT_ONCE, and none while they are still being sorted."""
        for _ in range(PASSED_AT_ONCE):
            try:
                key = next(self._keys)
            except StopIteration:
                self.walked = _replace(self.walked, ended=True)
                self._due = float(NEVER)
                return
            if key is None:
                return
            yield key

    def passed(self, key: bytes, *, met: bool) -> None:
        """The customer under `key` was met, or is none that this walk meets."""
        self.walked = _replace(self.walked, cursor=key, met=self.walked.met + met)

    def wait(self, clock: int, *, strict: bool) -> None:
        """Somebody was met at `clock`. `strict`: each comes exactly at its instant, however late it is now."""
        pace = self.walk.pace
        due = self._due + (1000 / pace if pace else 0.0)
        self._due = due if strict else max(due, float(clock - ARREARS_MS))
