"""Where a partition's records are kept: the promise, and the store in memory."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from state.changelog import Mark
from state.codec import decode, due_of, speaks
from state.record import Record

LIVE_RECORDS = 24_000
"""Decoded records of a process that are kept beside the bytes of all; the stores that are open share them evenly."""
TRIM_RECORDS = 500
"""Decoded records looked at by one `trim`, so that it never takes long; more only where many came since the last."""


OURS = b"\xff"
"""What the keys begin with that are no customer's."""
SORTED_AT_ONCE = 1_000
"""Keys sorted in one step of `behind`, which then takes less than a millisecond."""


class StoreError(Exception):
    """A store cannot be used any more; the message names it, what was found, and the cure. The worker ends."""


class StoreBusy(StoreError):
    """Another process, or a session that still ends, holds the folder of a store."""


class StoreDamaged(StoreError):
    """A store's files cannot be read; it begins anew when it is opened the next time."""


Busy = Callable[[bytes, Record], bool]
"""Whether a record holds something that its stored bytes do not, or something of it is under way."""


class PartitionStore(Protocol):
    """The records of one partition by key: those in use decoded, all others as the bytes that are proven.

    What `get` gives is live: a change to it is a change to the store, and stays until `trim` finds it not busy any
    more. `mark` says how far the changelog is in the store; one that begins anew where nothing outlives the process.
    """

    mark: Mark

    def get(self, key: bytes) -> Record | None:
        """The record under `key`, None where there is none. Raises CodecError where stored bytes cannot be read."""
        ...

    def look(self, key: bytes) -> Record | None:
        """The record under `key` for who only looks and changes nothing: what is decoded for that is not kept."""
        ...

    def put(self, key: bytes, record: Record) -> None:
        """Keeps `record` under `key`, which had none."""
        ...

    def settle(self, written: Mapping[bytes, bytes], mark: Mark) -> None:
        """These values are proven, and with them the changelog is in the store as far as `mark` says: in one step."""
        ...

    def load(self, values: Mapping[bytes, bytes], mark: Mark) -> None:
        """A take-over read these values, and the changelog as far as `mark` says. Nothing may be asked for before
        `loaded`; a process that dies before has loaded a part, and the mark that belongs to it. Any thread may call it.
        """
        ...

    def loaded(self) -> None:
        """A take-over has read to its end."""
        ...

    def clear(self) -> None:
        """Forgets everything: the changelog is read from its start."""
        ...

    def close(self) -> None:
        """Gives back what it holds of the machine."""
        ...

    def keep(self, live: int) -> None:
        """So many decoded records are kept from now on; `trim` lets go of what is beyond."""
        ...

    def trim(self, busy: Busy, brief: Iterable[bytes] = ()) -> None:
        """Lets go of the decoded records under the keys in `brief`, and of a few others where there are many, that are
        not busy.
        """
        ...

    def timers(self) -> Iterator[tuple[bytes, int]]:
        """The keys of stored bytes whose next timer is due at an instant (ms)."""
        ...

    def speaking(self) -> Iterator[bytes]:
        """The keys of stored bytes whose outbox holds something."""
        ...

    def behind(self, key: bytes) -> Iterator[bytes | None]:
        """The customers' keys behind `key` in the order of their bytes: at least those that were proven when it was
        asked for. None says that a slice of work was done and no key is there yet; no step takes long.
        """
        ...

    def about(self) -> int:
        """How many records there are, at no price and about."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Every key, in no promised order."""
        ...

    def __len__(self) -> int: ...


class Live:
    """The decoded records of a store: the young, asked for lately, and the old, of which `trim` lets go.

    Most customers of many are met once in a long time. They are brief, and let go of as soon as they are written; who
    comes back soon after that is kept (the 2Q of Johnson and Shasha, 1994).
    """

    def __init__(self, limit: int = LIVE_RECORDS) -> None:
        self.young: dict[bytes, Record] = {}
        self.old: dict[bytes, Record] = {}
        self._gone: dict[bytes, None] = {}
        self._gone_before: dict[bytes, None] = {}
        self._before = 0
        self.keep(limit)

    def keep(self, limit: int) -> None:
        """See PartitionStore.keep."""
        self._half = max(1, limit // 2)

    def aged(self, key: bytes) -> Record | None:
        """An old record, young again; None where there is none."""
        record = self.old.pop(key, None)
        if record is not None:
            self.young[key] = record
        return record

    def add(self, key: bytes, record: Record) -> None:
        """A record was decoded: a brief one, unless it was let go of as such lately and is asked for again."""
        self.young[key] = record
        record.brief = key not in self._gone and key not in self._gone_before

    def peek(self, key: bytes) -> Record | None:
        """The decoded record under `key`, as old or young as it is."""
        return self.young.get(key) or self.old.get(key)

    def trim(self, busy: Busy, brief: Iterable[bytes] = ()) -> None:
        """See PartitionStore.trim."""
        young, old = self.young, self.old
        for key in brief:
            record = young.get(key)
            if record is not None and not busy(key, record):
                del young[key]
                self._gone[key] = None
        if len(self._gone) > self._half:
            self._gone, self._gone_before = {}, self._gone
        # Two for each that came since, so that the old have gone before the young are half as many again.
        looked_at = max(TRIM_RECORDS, 2 * (len(self.young) - self._before))
        for _ in range(min(looked_at, len(old))):
            key, record = old.popitem()
            if busy(key, record):
                young[key] = record
        if not old and len(self.young) > self._half:
            self.old, self.young = self.young, {}
        self._before = len(self.young)

    def __iter__(self) -> Iterator[bytes]:
        yield from list(self.young)
        yield from list(self.old)


class MemoryStore:
    """A PartitionStore in dictionaries; nothing outlives the process."""

    def __init__(self, *, live: int = LIVE_RECORDS) -> None:
        self.mark = Mark()
        self._stored: dict[bytes, bytes] = {}
        self._limit = live
        self._live = Live(live)

    def get(self, key: bytes) -> Record | None:
        record = self._live.young.get(key)
        if record is not None:
            return record
        record = self._live.aged(key)
        if record is None:
            value = self._stored.get(key)
            if value is None:
                return None
            record = decode(value)
            self._live.add(key, record)
        return record

    def look(self, key: bytes) -> Record | None:
        record, value = self._live.peek(key), self._stored.get(key)
        return record if record is not None or value is None else decode(value)

    def put(self, key: bytes, record: Record) -> None:
        self._live.young[key] = record

    def settle(self, written: Mapping[bytes, bytes], mark: Mark) -> None:
        self._stored.update(written)
        self.mark = mark

    def load(self, values: Mapping[bytes, bytes], mark: Mark) -> None:
        self.settle(values, mark)

    def loaded(self) -> None:
        """Nothing was kept back."""

    def clear(self) -> None:
        self.mark = Mark()
        self._stored.clear()
        self._live = Live(self._limit)

    def close(self) -> None:
        """Nothing to give back."""

    def keep(self, live: int) -> None:
        self._limit = live
        self._live.keep(live)

    def trim(self, busy: Busy, brief: Iterable[bytes] = ()) -> None:
        self._live.trim(busy, brief)

    def timers(self) -> Iterator[tuple[bytes, int]]:
        return ((key, due_at) for key, value in self._stored.items() if (due_at := due_of(value)))

    def speaking(self) -> Iterator[bytes]:
        return (key for key, value in self._stored.items() if speaks(value))

    def behind(self, key: bytes) -> Iterator[bytes | None]:
        # A dictionary has no order of keys: what is there now is sorted in runs, which are then merged one by one.
        keys = [*self._stored, *(found for found in self._live if found not in self._stored)]
        runs: list[list[bytes]] = []
        for start in range(0, len(keys), SORTED_AT_ONCE):
            runs.append(sorted([found for found in keys[start : start + SORTED_AT_ONCE] if key < found < OURS]))
            yield None
        del keys
        yield from heapq.merge(*runs)

    def about(self) -> int:
        return len(self._stored)

    def __iter__(self) -> Iterator[bytes]:
        yield from list(self._stored)
        yield from (key for key in self._live if key not in self._stored)

    def __len__(self) -> int:
        return sum(1 for _ in self)
