"""Where a partition's records are kept: the promise, and the store in memory."""

from collections.abc import Iterator
from typing import Protocol

from state.codec import decode
from state.record import Record


class PartitionStore(Protocol):
    """The records of one partition by key. What `get` gives is live: a change to it is a change to the store."""

    def get(self, key: bytes) -> Record | None:
        """The record under `key`, None where there is none. Raises CodecError where stored bytes cannot be read."""
        ...

    def put(self, key: bytes, record: Record) -> None:
        """Keeps `record` under `key`."""
        ...

    def load(self, key: bytes, value: bytes) -> None:
        """Keeps stored bytes under `key`, decoded when first asked for."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Every key, in no promised order."""
        ...

    def __len__(self) -> int: ...


class MemoryStore:
    """A PartitionStore in a dictionary."""

    def __init__(self) -> None:
        self._records: dict[bytes, Record | bytes] = {}

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: bytes) -> Record | None:
        found = self._records.get(key)
        if isinstance(found, bytes):
            found = self._records[key] = decode(found)
        return found

    def put(self, key: bytes, record: Record) -> None:
        self._records[key] = record

    def load(self, key: bytes, value: bytes) -> None:
        self._records[key] = value

    def __iter__(self) -> Iterator[bytes]:
        return iter(list(self._records))
