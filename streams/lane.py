"""One input topic of a partition: what was fetched and not yet applied, and how far that is."""

from collections import deque
from collections.abc import Callable, Sequence

from engine.event import Event
from streams.touchpoints.decoder import Forward, Rejected, decode_forward
from streams.touchpoints.decoder import Record as Row

Given = Event | Forward | Rejected
"""What a row holds."""
HOLD_ROWS = 2_000
HOLD_BYTES = 32 << 20
"""Rows in hand, and bytes of their values, from which no more are fetched, until half of them are applied."""


class Lane:
    """Rows of one topic and partition, in order. `next` is the offset after the last applied row.

    `origin` names it in `applied`: topic, partition and Kafka's topic id. `unread` tells whether the log holds rows
    that are not in hand yet, as far as it knows and at least before an offset; `end` is the end asked for last. `rows`
    are those in hand, the next one first, `size` the bytes of their values and of those before them that were offered
    with them; `decode` reads one.
    """

    def __init__(
        self,
        topic: str,
        name: str,
        partition: int,
        topic_id: str,
        start: int,
        unread: Callable[[int], bool],
        end: int = 0,
    ) -> None:
        self.topic = topic
        self.name = name
        self.partition = partition
        self.channel = name.removeprefix("touchpoints.")
        self.topic_id = topic_id
        self.origin = f"{name}/{partition}#{topic_id[:8]}"
        self.next = start
        self.held = False
        self.rank = (name == "ticks", name, partition)
        self.end = end
        self.rows: deque[Row] = deque()
        self.size = 0
        self._offers: deque[tuple[int, int]] = deque()
        self._dropped = 0
        self.decode: Callable[[Row], Given] = decode_forward
        self._unread = unread

    def offer(self, rows: Sequence[Row]) -> None:
        """Takes fetched rows; those before the position are left out."""
        if rows and rows[0].offset < self.next:
            rows = [row for row in rows if row.offset >= self.next]
        self.rows.extend(rows)
        size = sum([len(row.value or b"") for row in rows])
        self._offers.append((len(rows), size))
        self.size += size

    @property
    def full(self) -> bool:
        """Whether so much is in hand that no more should be fetched."""
        return len(self.rows) > HOLD_ROWS or self.size > HOLD_BYTES

    @property
    def hungry(self) -> bool:
        """Whether a full lane has room again."""
        return len(self.rows) < HOLD_ROWS // 2 and self.size < HOLD_BYTES // 2

    @property
    def head(self) -> Row | None:
        """The next row, None where none is in hand."""
        return self.rows[0] if self.rows else None

    def drop(self, count: int) -> None:
        """So many rows were applied."""
        if count:
            self.next = self.rows[count - 1].offset + 1
        pop, offers = self.rows.popleft, self._offers
        for _ in range(count):
            pop()
        self._dropped += count
        while offers and self._dropped >= offers[0][0]:
            rows, size = offers.popleft()
            self._dropped -= rows
            self.size -= size

    @property
    def lagging(self) -> bool:
        """Whether rows are known to be in the log and none is in hand: then nobody may go before them."""
        return not self.rows and self._unread(self.end)

    def __len__(self) -> int:
        return len(self.rows)
