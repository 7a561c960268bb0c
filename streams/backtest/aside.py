"""Ids of events that concern nothing, put aside until anything else asks for their customer, who then knows them."""

from array import array
from collections.abc import Callable

from engine.customer import SEEN_IDS
from engine.decide import new_customer, remembering_all
from engine.ids import seen_hash
from state.record import Record
from state.store import MemoryStore
from streams.backtest.passed import Passed

MOST_OF_ONE = SEEN_IDS
MOST = 2_000_000
"""Ids put aside, of one customer and of all; 16 bytes each."""


class AsideStore(MemoryStore):
    """A MemoryStore whose customers are told, whenever they are got, of the ids that were put aside for them.

    Whoever was told goes to `changed`. Those of the release `armed` alone are put aside, since others must first be
    made known to it. `repeats` counts ids that were seen before.
    """

    def __init__(self, live: int, armed: int, changed: Callable[[bytes, Record], None]) -> None:
        super().__init__(live=live)
        self.repeats = 0
        self._armed = armed
        self._changed = changed
        self._aside: dict[bytes, array[int]] = {}
        self._count = 0

    def get(self, key: bytes) -> Record | None:
        record = super().get(key)
        aside = self._aside.pop(key, None)
        if aside and record is not None and record.customer is not None:
            self._count -= len(aside) // 2
            record.customer, repeats = remembering_all(record.customer, aside[::2], aside[1::2])
            self.repeats += repeats
            self._changed(key, record)
        return record

    def put_aside(self, passed: Passed, at: int) -> bool:
        """The id of an idle event, seen at `at` (ms); False where the customer cannot be told later."""
        key = passed.customer.encode()
        aside = self._aside.get(key)
        if aside is None:
            if not self._may(key, passed.customer, at):
                return False
            aside = self._aside[key] = array("Q")
        aside.append(seen_hash(passed.idle))
        aside.append(at)
        self._count += 1
        if len(aside) >= 2 * MOST_OF_ONE:
            self.get(key)
        elif self._count > MOST:
            self.tell_all()
        return True

    def tell_all(self) -> None:
        """Nothing is aside any more."""
        for key in list(self._aside):
            self.get(key)

    def _may(self, key: bytes, name: str, at: int) -> bool:
        record = self.get(key)
        if record is None and not self._armed:
            record = Record(new_customer(name, at))
            self.put(key, record)
            self._changed(key, record)
        customer = None if record is None else record.customer
        return customer is not None and customer.armed == self._armed and not customer.erased_at
