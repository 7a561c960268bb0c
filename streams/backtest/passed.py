"""A recorded event on its way from a source to the player of its customer: bytes, place and instant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from streams.touchpoints.record import LOG_APPEND_TIME

CONTEXT = "context"
"""The topic of what changes the context and concerns no customer; its key is the kind."""
BEGIN = "begin"
"""The topic of what says at which instant the play begins, for everyone."""
EVERY_SHARD = -1
NO_TIME = -1
FILE = -1
"""In place of a partition: the record stands in a file."""


class BacktestFault(Exception):
    """A backtest that cannot be made or cannot go on: the subject, what was found and expected, and the cure."""


class Passed(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """A Record (streams/touchpoints/record.py) with its place in the play.

    `number` counts within its source from 1 (a line), or is Kafka's offset; `offset` counts in the order of play.
    `timestamp` is when it was appended (ms), NO_TIME where nobody knows. `at` is the instant (ms) that it names, and
    `clock` that of the play (ms) where it came too late to be put into order, else 0. `shard` says whose player it is,
    or EVERY_SHARD, and `customer` whose it is. `idle` is the event's id where its type concerns nothing that is played:
    no more than this id need be remembered, and there is no value any more.
    """

    topic: str
    number: int
    value: bytes | None
    timestamp: int = NO_TIME
    offset: int = 0
    at: int = 0
    shard: int = 0
    clock: int = 0
    partition: int = 0
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
    timestamp_type: int = LOG_APPEND_TIME
    idle: str = ""
    customer: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people: `file:line`, or `topic/partition/offset` as in docs/events.md."""
        return f"{self.topic}/{self.partition}/{self.number}" if self.in_log else f"{self.topic}:{self.number}"

    @property
    def in_log(self) -> bool:
        """Whether it was read from a topic, and not from a file."""
        return self.partition != FILE


class Source(Protocol):
    """Recorded events in the order in which they stand, with how far they are read.

    `done` of `total` are read (bytes or records); `events` is about how many there are. `ends_at` (ms, 0 where unknown)
    is where the recording ends, if it says so. `channels` names for each topic or file the channel of events that do
    not say theirs.
    """

    name: str
    total: int
    done: int
    events: int
    ends_at: int

    @property
    def channels(self) -> Mapping[str, str]: ...

    def __iter__(self) -> Iterator[Passed]: ...


class Lines:
    """A Source of values in memory, of a file that needed to be read as a whole."""

    def __init__(self, name: str, values: Iterable[bytes], total: int, ends_at: int = 0, channel: str = "web") -> None:
        self.name = name
        self.total = self.events = total
        self.done = 0
        self.ends_at = ends_at
        self.channels = {name: channel}
        self._values = values

    def __iter__(self) -> Iterator[Passed]:
        for number, value in enumerate(self._values, 1):
            self.done = number
            yield Passed(self.name, number, value, partition=FILE)
