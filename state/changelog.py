"""The rule by which a changelog is read: a record counts if the last marker before it is the one that it names
(docs/protocol.md 1.4).
"""

import msgspec

from state.codec import CodecError, epoch_of

MARKER = b"\xffE/"
POSITIONS = b"\xffP"
ROUTER = b"\xffR/"
ACCEPT = b"\xffA"
"""Keys of ours begin with 0xFF, which no UTF-8 customer id can."""


class Positions(msgspec.Struct):
    """How far the inputs of a partition are durable: next offset and Kafka's topic id by topic, and the clock (ms)."""

    epoch: int
    offsets: dict[str, int]
    topic_ids: dict[str, str]
    clock: int = 0


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


class Fold:
    """What a changelog says, fed with its records in order.

    `latest` maps a key to its last counting value, still encoded; `ignored` holds the keys with an ignored record
    after it;
    `positions` is the last counting one; `marker` the offset of the last marker.
    """

    def __init__(self) -> None:
        self.latest: dict[bytes, bytes] = {}
        self.ignored: set[bytes] = set()
        self.positions: Positions | None = None
        self.positions_offset = -1
        self.accept_offset = -1
        self.marker = -1
        self.records = 0

    def feed(self, offset: int, key: bytes, value: bytes) -> None:
        """Takes the next record. Raises CodecError where its bytes cannot be read."""
        self.records += 1
        if key.startswith(MARKER):
            self.marker = offset
        elif key == POSITIONS:
            self._feed_positions(offset, value)
        elif key == ACCEPT:
            self.accept_offset = offset
        elif epoch_of(value) == self.marker:
            self.latest[key] = value
            self.ignored.discard(key)
        else:
            self.ignored.add(key)

    def _feed_positions(self, offset: int, value: bytes) -> None:
        try:
            positions = _decode(value)
        except msgspec.DecodeError as fault:
            raise CodecError(f"positions at offset {offset}: {fault}; the changelog is damaged") from fault
        if positions.epoch == self.marker:
            self.positions = positions
            self.positions_offset = offset

    @property
    def to_heal(self) -> list[bytes]:
        """Keys whose last record does not count though one before it does, sorted; they must be written again."""
        return sorted(key for key in self.ignored if key in self.latest)


def foreign(key: bytes) -> bool:
    """Whether a record met between mine is a marker: then another owner has begun."""
    return key.startswith(MARKER)
