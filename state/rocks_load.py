"""What a take-over reads, gathered by key and written as a sorted file, which costs RocksDB half of what batches do."""

from collections.abc import Mapping

import rocksdict

from state.codec import due_of, speaks
from state.rocks_layout import DUE, MARK, SPEAKING, TIMERS, options

LOAD_BYTES = 512 << 20
"""What a take-over gathers before it becomes a file: the more, the fewer versions of one record are written."""


class Gathered:
    """The last values by key since the last `write`. `empty`: RocksDB holds nothing yet."""

    def __init__(self, limit: int, *, empty: bool) -> None:
        self._values: dict[bytes, bytes] = {}
        self._bytes = 0
        self._limit = limit
        self._indexed: dict[bytes, set[bytes]] | None = {SPEAKING: set(), TIMERS: set()} if empty else None

    @property
    def full(self) -> bool:
        """Whether there is so much that it should be written."""
        return self._bytes >= self._limit

    def add(self, values: Mapping[bytes, bytes]) -> None:
        """Takes values; each replaces the one gathered before under its key."""
        before = len(self._values)
        self._values.update(values)
        # What replaces an older value takes no more room; the mean of the batch is near enough.
        new = (len(self._values) - before) / max(1, len(values))
        self._bytes += int(new * sum(map(len, values.values())))

    def write(self, path: str, mark: bytes) -> None:
        """Writes the file `path` for RocksDB to take in, `mark` in it, and begins anew."""
        values, self._values, self._bytes = self._values, {}, 0
        writer = rocksdict.SstFileWriter(options())
        writer.open(path)
        timers: dict[bytes, bytes] = {}
        speaking: dict[bytes, bytes] = {}
        for key in sorted([MARK, *values]):
            if key == MARK:
                writer[MARK] = mark
                continue
            value = writer[key] = values[key]
            if speaks(value):
                speaking[key] = b""
            if due_at := due_of(value):
                timers[key] = DUE.pack(due_at)
        self._index(writer, SPEAKING, speaking, values)
        self._index(writer, TIMERS, timers, values)
        writer.finish()

    def _index(
        self,
        writer: rocksdict.SstFileWriter,
        prefix: bytes,
        entries: Mapping[bytes, bytes],
        values: Mapping[bytes, bytes],
    ) -> None:
        """Writes one index of these values; nothing is deleted that cannot be there."""
        known = self._indexed
        stale = values.keys() if known is None else known[prefix] & values.keys()
        for key in sorted(entries.keys() | stale):
            entry = entries.get(key)
            if entry is None:
                del writer[prefix + key]
            else:
                writer[prefix + key] = entry
        if known is not None:
            known[prefix] |= entries.keys()
