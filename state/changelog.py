"""The rule by which a changelog is read: a record counts if the last marker before it is the one that it names
(docs/protocol.md 1.4).
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from state.codec import CodecError, epoch_of
from state.walks import Walked

MARKER = b"\xffE/"
POSITIONS = b"\xffP"
ROUTER = b"\xffR/"
DEAD_LETTERS = ROUTER + b"dead"
FANOUTS = b"\xffF"
ACCEPT = b"\xffA"
"""Keys of ours begin with 0xFF, which no UTF-8 customer id can."""


class Positions(msgspec.Struct):
    """How far the inputs of a partition are durable: next offset and Kafka's topic id by topic, and the clock (ms).

    `walks` says by number how far the walks are that go (state/walks.py).
    """

    epoch: int
    offsets: dict[str, int]
    topic_ids: dict[str, str]
    clock: int = 0
    walks: dict[int, Walked] = {}


class Mark(msgspec.Struct):
    """How far a changelog was read, and what its reading needs to go on from there.

    `offset` is the next to read; `marker` that of the last marker; `positions` the last counting ones, found at
    `positions_offset`; `accept_offset` that of the last ACCEPT; `ignored` holds the keys with an ignored record after
    their counting one; `topic_id` is Kafka's id of the topic, as text.
    """

    offset: int = 0
    marker: int = -1
    positions: Positions | None = None
    positions_offset: int = -1
    accept_offset: int = -1
    ignored: list[bytes] = []
    topic_id: str = ""

    def meet(self, between: Iterable[tuple[bytes, int]]) -> None:
        """Takes what others wrote between records of the owner, by key and offset, no marker among it."""
        for key, offset in between:
            if key == ACCEPT:
                self.accept_offset = offset
            elif key != POSITIONS and key not in self.ignored:
                self.ignored.append(key)


class Row(Protocol):
    """What the rule reads of a record of the changelog."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Positions).decode


def marker_key(nonce: str) -> bytes:
    """The key of a marker; never reused, never deleted."""
    return MARKER + nonce.encode()


def router_key(target: str) -> bytes:
    """The key of the router record of this partition for `target`."""
    return ROUTER + target.encode()


def encode_positions(positions: Positions) -> bytes:
    """The value of the record under POSITIONS."""
    return _encode(positions)


def decode_positions(offset: int, value: bytes) -> Positions:
    """The positions that lie at `offset`. Raises CodecError."""
    try:
        return _decode(value)
    except msgspec.DecodeError as fault:
        raise CodecError(f"positions at offset {offset}: {fault}; the changelog is damaged") from fault


class Reading:
    """Reads a changelog in order, from `mark` on; `mark` tells how far it is, `records` how many it read."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.records = 0
        self._ignored = dict.fromkeys(mark.ignored)

    def take(self, rows: Iterable[Row]) -> dict[bytes, bytes]:
        """Takes the next records; gives the counting values among them by key, the last of each, still encoded.

        Raises CodecError where the bytes of one cannot be read.
        """
        counting: dict[bytes, bytes] = {}
        ignored, mark = self._ignored, self.mark
        marker = mark.marker
        offset = mark.offset - 1
        for row in rows:
            self.records += 1
            key, value, offset = row.key or b"", row.value or b"", row.offset
            if key[:1] == b"\xff" and self._ours(offset, key, value):
                marker = mark.marker
            elif epoch_of(value) == marker:
                counting[key] = value
                if ignored:
                    ignored.pop(key, None)
            else:
                ignored[key] = None
        mark.offset = offset + 1
        mark.ignored = list(ignored)
        return counting

    def _ours(self, offset: int, key: bytes, value: bytes) -> bool:
        """Takes a record that is no customer's and no router's; gives whether it was one."""
        if key.startswith(MARKER):
            self.mark.marker = offset
        elif key == POSITIONS:
            self._positions(offset, value)
        elif key == ACCEPT:
            self.mark.accept_offset = offset
        else:
            return False
        return True

    def _positions(self, offset: int, value: bytes) -> None:
        positions = decode_positions(offset, value)
        if positions.epoch == self.mark.marker:
            self.mark.positions = positions
            self.mark.positions_offset = offset


class Given(NamedTuple):
    """A record by hand."""

    offset: int
    key: bytes
    value: bytes


class Fold:
    """What a changelog says: `latest` maps a key to its last counting value, still encoded; `mark` is the rest."""

    def __init__(self) -> None:
        self.latest: dict[bytes, bytes] = {}
        self._reading = Reading(Mark())

    @property
    def mark(self) -> Mark:
        """How far it is, with the last marker and positions."""
        return self._reading.mark

    @property
    def records(self) -> int:
        """How many records it took."""
        return self._reading.records

    def take(self, rows: Iterable[Row]) -> None:
        """Takes the next records. Raises CodecError where the bytes of one cannot be read."""
        self.latest.update(self._reading.take(rows))

    def feed(self, offset: int, key: bytes, value: bytes) -> None:
        """Takes the next record."""
        self.take((Given(offset, key, value),))

    @property
    def to_heal(self) -> list[bytes]:
        """Keys whose last record does not count though one before it does, sorted; they must be written again."""
        return sorted(key for key in self.mark.ignored if key in self.latest)


def foreign(key: bytes) -> bool:
    """Whether a record met between mine is a marker: then another owner has begun."""
    return key.startswith(MARKER)
