"""Stores as the machines of a simulation keep them: in memory, or on a disk that outlives the process."""

from collections.abc import Mapping
from random import Random

import msgspec
from simulation.virtual import PROCESS

from state.changelog import Mark
from state.store import MemoryStore

LIVE = (50_000, 2)
"""How many decoded records a store keeps: all, or hardly any."""


class Folder:
    """What is on disk of one partition."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.mark = Mark()

    def write(self, written: Mapping[bytes, bytes], mark: Mark) -> None:
        """In one step, so that a process dies before it or after it."""
        self.values.update(written)
        self.mark = msgspec.structs.replace(mark, ignored=list(mark.ignored))


class DiskStore(MemoryStore):
    """A PartitionStore whose next opening goes on where this one was, as RocksDB's does."""

    def __init__(self, folder: Folder, live: int) -> None:
        super().__init__(live=live)
        self._folder = Folder()
        self.load(dict(folder.values), msgspec.structs.replace(folder.mark, ignored=list(folder.mark.ignored)))
        self._folder = folder

    def settle(self, written: Mapping[bytes, bytes], mark: Mark) -> None:
        super().settle(written, mark)
        self._folder.write(written, mark)

    def clear(self) -> None:
        super().clear()
        self._folder.values.clear()
        self._folder.write({}, self.mark)


class Disks:
    """The disks of all machines, by the number of the machine; a seed has them or not."""

    def __init__(self, random: Random, *, rough: bool) -> None:
        self._kept = rough and random.random() < 0.5
        self._live = random.choice(LIVE) if rough else LIVE[0]
        self._folders: dict[tuple[int, int], Folder] = {}

    async def open(self, number: int) -> MemoryStore:
        """The store of a partition for the process that asks."""
        process = PROCESS.get()
        if not self._kept or process is None:
            return MemoryStore(live=self._live)
        return DiskStore(self._folders.setdefault((process.machine, number), Folder()), self._live)
