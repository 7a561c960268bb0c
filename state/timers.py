"""When the next timer of a partition is due: one entry a customer, ordered by instant, rebuilt from the records."""

import heapq


class TimerIndex:
    """The earliest due instant (ms) of each customer that has one. Rebuilt on recovery, never stored by itself."""

    def __init__(self) -> None:
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._due)

    def set(self, customer: str, due_at: int) -> None:
        """The customer's earliest timer is due at `due_at`; 0 means it has none."""
        if not due_at:
            self._due.pop(customer, None)
        elif self._due.get(customer) != due_at:
            self._due[customer] = due_at
            heapq.heappush(self._heap, (due_at, customer))
            if len(self._heap) > 64 + 2 * len(self._due):
                self._rebuild()

    def next_due(self) -> int:
        """The earliest instant at which any customer is due, 0 if none is."""
        heap, due = self._heap, self._due
        while heap:
            at, customer = heap[0]
            if due.get(customer) == at:
                return at
            heapq.heappop(heap)
        return 0

    def pop(self, upto: int) -> tuple[int, str] | None:
        """Takes out the earliest (instant, customer) due at or before `upto`; at one instant by customer id."""
        at = self.next_due()
        if not at or at > upto:
            return None
        _, customer = heapq.heappop(self._heap)
        del self._due[customer]
        return at, customer

    def _rebuild(self) -> None:
        self._heap = [(at, customer) for customer, at in self._due.items()]
        heapq.heapify(self._heap)
