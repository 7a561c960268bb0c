"""When the timers of a partition are due: one entry a record, in buckets of time, restored from the records' heads."""

import heapq
from collections.abc import Iterable

NEAR_BITS = 12
FAR_BITS = 22
"""A near bucket spans 4.1 s, a far one 70 min: far timers cost little memory, and opening a bucket little time."""
NEVER = 1 << 62

_Bucket = dict[bytes, int]


class TimerIndex:
    """The earliest due instant (ms) of each key that has one. Rebuilt on recovery, never stored by itself.

    Every entry lies in one bucket: far ahead in a bucket of its 70 minutes, within the one opened last in one of 4.1
    seconds, and within that in a heap. `earliest` is an instant before which none is due, NEVER where there is none.
    """

    def __init__(self) -> None:
        self.earliest = NEVER
        self._far: dict[int, _Bucket] = {}
        self._near: dict[int, _Bucket] = {}
        self._now: _Bucket = {}
        self._heap: list[tuple[int, bytes]] = []
        self._far_opened = 0
        self._near_opened = 0

    def __len__(self) -> int:
        return len(self._now) + sum(len(bucket) for buckets in (self._near, self._far) for bucket in buckets.values())

    def set(self, key: bytes, before: int, due_at: int) -> None:
        """The key's earliest timer is due at `due_at`, and was at `before`; 0 means none."""
        if before == due_at:
            return
        if before:
            self._take_out(key, before)
        if due_at:
            self._put_in(key, due_at)
            if due_at < self.earliest:
                self.earliest = due_at

    def load(self, entries: Iterable[tuple[bytes, int]]) -> None:
        """Takes many keys that had no timer yet, with their instants."""
        for key, due_at in entries:
            self.set(key, 0, due_at)

    def next_due(self) -> int:
        """The earliest instant at which any key is due, 0 if none is."""
        if not self._to_front(NEVER):
            return 0
        return self._heap[0][0]

    def overdue(self, now: int) -> int:
        """How many keys are due before `now`; of those not looked at yet, whose whole bucket of time is over."""
        near = sum(len(bucket) for number, bucket in self._near.items() if (number + 1) << NEAR_BITS <= now)
        far = sum(len(bucket) for number, bucket in self._far.items() if (number + 1) << FAR_BITS <= now)
        return near + far + sum(due_at < now for due_at in self._now.values())

    def pop(self, upto: int) -> tuple[int, bytes] | None:
        """Takes out the earliest (instant, key) due at or before `upto`; at one instant by key."""
        if upto < self.earliest or not self._to_front(upto) or self._heap[0][0] > upto:
            return None
        due_at, key = heapq.heappop(self._heap)
        del self._now[key]
        if self._heap:
            self.earliest = self._heap[0][0]
        return due_at, key

    def _put_in(self, key: bytes, due_at: int) -> None:
        if due_at >> NEAR_BITS <= self._near_opened:
            self._now[key] = due_at
            heapq.heappush(self._heap, (due_at, key))
            if len(self._heap) > 64 + 2 * len(self._now):
                self._rebuild()
            return
        far = due_at >> FAR_BITS
        buckets, number = (self._near, due_at >> NEAR_BITS) if far <= self._far_opened else (self._far, far)
        bucket = buckets.get(number)
        if bucket is None:
            bucket = buckets[number] = {}
        bucket[key] = due_at

    def _take_out(self, key: bytes, due_at: int) -> None:
        if due_at >> NEAR_BITS <= self._near_opened:
            if self._now.get(key) == due_at:
                del self._now[key]
            return
        far = due_at >> FAR_BITS
        buckets, number = (self._near, due_at >> NEAR_BITS) if far <= self._far_opened else (self._far, far)
        bucket = buckets.get(number)
        if bucket is not None:
            bucket.pop(key, None)
            if not bucket:
                del buckets[number]

    def _to_front(self, upto: int) -> bool:
        """Brings the earliest entry to the top of the heap; gives False where none can be due by `upto`."""
        heap, now = self._heap, self._now
        while True:
            while heap and now.get(heap[0][1]) != heap[0][0]:
                heapq.heappop(heap)
            if heap:
                self.earliest = heap[0][0]
                return True
            if not self._open(upto):
                return False

    def _open(self, upto: int) -> bool:
        """Opens the next bucket that begins by `upto`, if there is one; else says when the next one begins."""
        if self._near:
            number, bits = min(self._near), NEAR_BITS
        elif self._far:
            number, bits = min(self._far), FAR_BITS
        else:
            self.earliest = NEVER
            return False
        if number << bits > upto:
            self.earliest = number << bits
            return False
        if bits == NEAR_BITS:
            self._near_opened = number
            self._now.update(self._near.pop(number))
            self._rebuild()
        else:
            self._far_opened = number
            self._near_opened = max(self._near_opened, (number << FAR_BITS >> NEAR_BITS) - 1)
            for key, due_at in self._far.pop(number).items():
                self._put_in(key, due_at)
        return True

    def _rebuild(self) -> None:
        self._heap[:] = [(due_at, key) for key, due_at in self._now.items()]
        heapq.heapify(self._heap)
