"""What happened, put aside on disk by each player and read back as one row after the other, by instant and person."""

import heapq
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from streams.backtest.happened import Happened

_ROWS = 1000
_order = attrgetter("at", "customer")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Happened]).decode


class Spool:
    """Writes what happened to a file of its own, sorted: `add` takes it in the order of instants. A context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._sorted: list[Happened] = []
        self._instant: list[Happened] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_instant()
        self._write()
        self._file.close()

    def add(self, one: Happened) -> None:
        """Takes one thing, at the instant of the last one or a later one."""
        if self._instant and one.at != self._instant[0].at:
            self._close_instant()
            if len(self._sorted) >= _ROWS:
                self._write()
        self._instant.append(one)

    def _close_instant(self) -> None:
        self._instant.sort(key=attrgetter("customer"))
        self._sorted += self._instant
        self._instant = []

    def _write(self) -> None:
        frame = _encode(self._sorted)
        self._file.write(len(frame).to_bytes(8, "big") + frame)
        self._sorted = []


def read_back(paths: Sequence[Path]) -> Iterator[Happened]:
    """All that was put aside, the same for any number of players: what happened to one person stays in its order."""
    yield from heapq.merge(*(_rows(path) for path in paths), key=_order)


def _rows(path: Path) -> Iterator[Happened]:
    with path.open("rb") as file:
        while head := file.read(8):
            yield from _decode(file.read(int.from_bytes(head, "big")))
