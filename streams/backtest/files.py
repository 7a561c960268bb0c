"""Recorded events in a file: one touchpoint as JSON a line, plain or compressed."""

import gzip
import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from streams.backtest.passed import FILE, BacktestFault, Passed

_TORN = (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile)
_PACKED = (".gz", ".xz")
_LINE_BYTES, _PACKED_BYTES = 250, 40
"""About so long is a line, plain and compressed."""


class JsonLines:
    """A Source over a file of JSON lines, .gz and .xz unpacked on the way; `done` counts bytes as they lie on disk.

    Blank lines are passed over. Raises BacktestFault where a compressed file is damaged or ends in the middle.
    """

    ends_at = 0

    def __init__(self, path: Path, channel: str = "web") -> None:
        self.name = str(path)
        self.total = path.stat().st_size
        self.done = 0
        self.events = self.total // (_PACKED_BYTES if path.suffix in _PACKED else _LINE_BYTES)
        self.channels = {self.name: channel}
        self._path = path

    def __iter__(self) -> Iterator[Passed]:
        name, number = self.name, 0
        with self._path.open("rb") as raw:
            try:
                for number, line in enumerate(_unpacked(raw, self._path.suffix), 1):
                    if not number % 1000:
                        self.done = raw.tell()
                    if not line.isspace():
                        yield Passed(name, number, line, partition=FILE)
            except _TORN as fault:
                what = f"damaged, or cut off, after line {number} ({fault})"
                raise BacktestFault(
                    f"{self._path}: {what}; expected a whole {self._path.suffix}, copy it anew"
                ) from None
        self.done = self.total


def _unpacked(raw: IO[bytes], suffix: str) -> Iterable[bytes]:
    if suffix == ".gz":
        return gzip.open(raw, "rb")
    if suffix == ".xz":
        return lzma.open(raw, "rb")
    return raw
